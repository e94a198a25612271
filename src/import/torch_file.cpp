// SPDX-License-Identifier: BSD-3-Clause
#include "import/torch_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/joined.hpp"

namespace sicmir {
namespace {

using pickle::Kind;
using pickle::no_node;
using pickle::NodeId;

static_assert(std::endian::native == std::endian::little, "tensors are copied as they are stored");

/// What tensors and modules are rebuilt with.
constexpr std::array<pickle::Callable, 13> known_calls = {{
    {"collections", "OrderedDict"},
    {"builtins", "set"},
    {"__builtin__", "set"},
    {"builtins", "frozenset"},
    {"__builtin__", "frozenset"},
    {"torch", "Size"},
    {"torch", "device"},
    {"torch.serialization", "_get_layout"},
    {"torch._utils", "_rebuild_tensor"},
    {"torch._utils", "_rebuild_tensor_v2"},
    {"torch._utils", "_rebuild_parameter"},
    {"torch._utils", "_rebuild_parameter_with_state"},
    {"torch._tensor", "_rebuild_from_type_v2"},
}};

constexpr std::uint64_t most_pickled = 16 << 20;  // names and shapes of a network take kilobytes
constexpr std::string_view magic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::int64_t known_protocol = 1001;
constexpr int most_wraps = 8;

/// Bytes a number takes in a storage of that class; 0: not floating-point.
Index width_of(std::string_view type) {
  if (type == "FloatStorage") return 4;
  if (type == "DoubleStorage") return 8;
  if (type == "HalfStorage" || type == "BFloat16Storage") return 2;
  return 0;
}

/// The same for every storage class that a legacy stream may contain, to find what follows it.
Index any_width_of(std::string_view type) {
  if (const Index width = width_of(type); width != 0) return width;
  if (type == "LongStorage" || type == "ComplexFloatStorage") return 8;
  if (type == "IntStorage") return 4;
  if (type == "ShortStorage") return 2;
  if (type == "CharStorage" || type == "ByteStorage" || type == "BoolStorage" ||
      type == "UntypedStorage") {
    return 1;
  }
  return 0;
}

template <class Bits>
Bits bits_at(const char* from) {
  Bits value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float number_at(std::string_view type, const char* from) {
  if (type == "FloatStorage") return std::bit_cast<float>(bits_at<std::uint32_t>(from));
  if (type == "DoubleStorage") {
    return static_cast<float>(std::bit_cast<double>(bits_at<std::uint64_t>(from)));
  }
  const auto bits = bits_at<std::uint16_t>(from);
  if (type == "BFloat16Storage") return std::bit_cast<float>(std::uint32_t{bits} << 16);
  return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(bits));
}

/// a x b, or nullopt beyond 2^62.
std::optional<Index> product(Index a, Index b) {
  Index result = 0;
  if (__builtin_mul_overflow(a, b, &result) || result > Index{1} << 62) return std::nullopt;
  return result;
}

}  // namespace

void TorchFile::fail(const std::string& what) const {
  throw Error(ExitCode::bad_model, fmt::format("{}: {}", path_, what));
}

TorchFile::TorchFile(const std::string& path) : path_(path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    fail("is not a readable file; a PyTorch checkpoint was expected.");
  }
  file_size_ = static_cast<Index>(std::filesystem::file_size(path, error));
  const std::string start = file_bytes(0, std::min<Index>(8, file_size_));
  if (start.starts_with("PK")) {
    read_zip();
  } else if (start.starts_with('\x80')) {
    read_legacy();
  } else if (start.starts_with("\x89HDF")) {
    fail("is HDF5, not a PyTorch checkpoint. sicmir models need no import.");
  } else {
    fail("is not a PyTorch checkpoint: neither a zip archive nor a pickle.");
  }
}

std::string TorchFile::file_bytes(Index offset, Index count) const {
  if (offset < 0 || count < 0 || count > file_size_ - offset) {
    fail("ends early; it is damaged or incomplete.");
  }
  std::ifstream file(path_, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(count), '\0');
  if (!file.seekg(offset) || !file.read(bytes.data(), static_cast<std::streamsize>(count))) {
    fail("cannot be read.");
  }
  return bytes;
}

void TorchFile::read_zip() {
  archive_.emplace(path_);
  for (const std::string& name : archive_->names()) {
    if (name == "data.pkl" || name.ends_with("/data.pkl")) {
      if (!folder_.empty()) fail(fmt::format("contains a second network, '{}'.", name));
      folder_ = name.substr(0, name.size() - std::string_view("data.pkl").size());
      if (folder_.empty()) folder_ = "./";
    }
  }
  if (folder_.empty()) {
    fail("is not a PyTorch checkpoint: a zip archive without the data.pkl of torch.save().");
  }
  if (folder_ == "./") folder_.clear();
  for (const std::string& name : archive_->names()) {
    if (name.starts_with(folder_ + "code/") || name == folder_ + "constants.pkl") {
      fail("is a TorchScript archive; save the network with torch.save(net.state_dict(), FILE).");
    }
  }
  if (archive_->has(folder_ + "byteorder")) {
    const std::string order = archive_->read(folder_ + "byteorder");
    if (order != "little") {
      fail(fmt::format(
          "has the byte order '{}'; only little-endian is supported. Save it again on an "
          "x86 or ARM machine.",
          order.substr(0, 20)));
    }
  }
  const std::string name = folder_ + "data.pkl";
  if (archive_->size(name) > most_pickled) {
    fail(fmt::format("'{}' has {} bytes; the pickle of a network has less than {}.", name,
                     archive_->size(name), most_pickled));
  }
  pickled_ = archive_->read(name);
  graph_ = pickle::read(pickled_, known_calls, path_);
}

void TorchFile::read_legacy() {
  pickled_ = file_bytes(0, std::min<Index>(file_size_, most_pickled));
  std::string_view rest = pickled_;
  const auto next = [&] {
    pickle::Graph graph = pickle::read(rest, known_calls, path_);
    rest.remove_prefix(graph.length());
    return graph;
  };
  const pickle::Graph first = next();
  if (!first.is(first.root(), Kind::big_integer) || first[first.root()].text != magic) {
    fail("is a pickle, but not a PyTorch checkpoint (its magic number is missing).");
  }
  const pickle::Graph version = next();
  if (!version.is(version.root(), Kind::integer) ||
      version[version.root()].integer != known_protocol) {
    fail("is a PyTorch stream of an unknown version; save it again with a newer PyTorch.");
  }
  const pickle::Graph system = next();
  const NodeId little = system.find(system.root(), "little_endian");
  if (!system.is(little, Kind::boolean) || system[little].integer != 1) {
    fail("was written on a big-endian machine; only little-endian is supported.");
  }
  graph_ = next();
  const pickle::Graph list = next();
  if (!list.is(list.root(), Kind::list)) fail("has no list of storages; it is damaged.");
  std::vector<std::string> keys;
  for (const NodeId id : list[list.root()].items) {
    if (!list.is(id, Kind::text)) fail("has a storage without a name; it is damaged.");
    keys.emplace_back(list[id].text);
  }
  place_storages(static_cast<Index>(pickled_.size() - rest.size()), keys);
}

/// Each storage is its number of elements (8 bytes), then the elements. Their width is stored with
/// the tensors that use it.
void TorchFile::place_storages(Index at, const std::vector<std::string>& keys) {
  std::map<std::string, Index> widths;
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (!graph_.is(id, Kind::persistent)) continue;
    const Storage storage = storage_of(id, "a storage");
    const Index width = any_width_of(storage.type);
    if (width == 0) fail(fmt::format("contains a {}, which is not supported.", storage.type));
    const auto [known, is_new] = widths.try_emplace(storage.key, width);
    if (!is_new && known->second != width) {
      fail(fmt::format("storage {} is used with two types of numbers.", storage.key));
    }
  }
  for (const std::string& key : keys) {
    const auto width = widths.find(key);
    if (width == widths.end()) fail(fmt::format("storage {} belongs to no tensor.", key));
    const std::string count = file_bytes(at, 8);
    const auto numbers = bits_at<Index>(count.data());
    const std::optional<Index> size = product(numbers, width->second);
    at += 8;
    if (numbers < 0 || !size || *size > file_size_ - at) {
      fail(
          fmt::format("storage {} claims {} numbers, more than the file contains; it is damaged or "
                      "incomplete.",
                      key, numbers));
    }
    if (!places_.try_emplace(key, Place{at, numbers}).second) {
      fail(fmt::format("contains storage {} twice.", key));
    }
    at += *size;
  }
}

std::optional<TorchFile::View> TorchFile::view_of(NodeId id) const {
  for (int i = 0; i < most_wraps && graph_.is(id, Kind::call); ++i) {
    const std::string name = graph_.name_of(id);
    const std::vector<NodeId>& items = graph_[graph_[id].arguments].items;
    if ((name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2") &&
        items.size() >= 4) {
      return View{items[0], items[1], items[2], items[3]};
    }
    if (name.starts_with("torch._utils._rebuild_parameter") && !items.empty()) {
      id = items[0];
    } else if (name == "torch._tensor._rebuild_from_type_v2" && items.size() >= 3) {
      const std::string inner = graph_.name_of(items[0]);
      const NodeId arguments = items[2];
      if (!inner.starts_with("torch._utils._rebuild_tensor") ||
          !graph_.is(arguments, Kind::tuple) || graph_[arguments].items.size() < 4) {
        return std::nullopt;
      }
      const std::vector<NodeId>& parts = graph_[arguments].items;
      return View{parts[0], parts[1], parts[2], parts[3]};
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// ('storage', class, key, device, number of elements), in legacy streams also None or, of a view
/// into another storage, (key, offset, size). The device does not matter here.
TorchFile::Storage TorchFile::storage_of(NodeId id, const std::string& name) const {
  const auto bad = [&]() { fail(fmt::format("{}: its storage is damaged.", name)); };
  if (!graph_.is(id, Kind::persistent) || !graph_.is(graph_[id].of, Kind::tuple)) bad();
  const std::vector<NodeId>& items = graph_[graph_[id].of].items;
  if (items.size() < 5 || !graph_.is_text(items[0], "storage") ||
      !graph_.is(items[1], Kind::global) || !graph_.is(items[2], Kind::text) ||
      !graph_.is(items[4], Kind::integer) || graph_[items[4]].integer < 0) {
    bad();
  }
  Storage storage{graph_[items[1]].text, std::string(graph_[items[2]].text),
                  graph_[items[4]].integer, 0};
  if (items.size() > 5 && graph_.is(items[5], Kind::tuple)) {
    const std::vector<NodeId>& view = graph_[items[5]].items;
    if (view.size() != 3 || !graph_.is(view[1], Kind::integer) || graph_[view[1]].integer < 0) {
      bad();
    }
    storage.offset = graph_[view[1]].integer;
  }
  return storage;
}

std::vector<Index> TorchFile::sizes(NodeId id, const std::string& name) const {
  // torch.Size is a tuple, or a call that takes one.
  if (graph_.is(id, Kind::call)) {
    const std::vector<NodeId>& arguments = graph_[graph_[id].arguments].items;
    id = arguments.empty() ? no_node : arguments.front();
  }
  if (!graph_.is(id, Kind::tuple) && !graph_.is(id, Kind::list)) {
    fail(fmt::format("{}: its shape is damaged.", name));
  }
  std::vector<Index> values;
  for (const NodeId item : graph_[id].items) {
    if (!graph_.is(item, Kind::integer) || graph_[item].integer < 0) {
      fail(fmt::format("{}: its shape contains something that is not a size.", name));
    }
    values.push_back(graph_[item].integer);
  }
  return values;
}

std::vector<Index> TorchFile::shape(NodeId id, const std::string& name) const {
  const std::optional<View> view = view_of(id);
  if (!view) fail(fmt::format("{} is not a tensor.", name));
  return sizes(view->size, name);
}

const std::string& TorchFile::bytes_of(const Storage& storage, Index width,
                                       const std::string& name) {
  if (!last_key_.empty() && last_key_ == storage.key) return last_bytes_;
  last_key_.clear();
  const std::optional<Index> size = product(storage.numbers, width);
  if (archive_) {
    const std::string member = fmt::format("{}data/{}", folder_, storage.key);
    if (!archive_->has(member)) fail(fmt::format("{}: '{}' is missing.", name, member));
    if (!size || archive_->size(member) != static_cast<std::uint64_t>(*size)) {
      fail(fmt::format("{}: claims {} numbers, but '{}' has {} bytes.", name, storage.numbers,
                       member, archive_->size(member)));
    }
    last_bytes_ = archive_->read(member);
  } else {
    const auto place = places_.find(storage.key);
    if (place == places_.end()) fail(fmt::format("{}: its numbers are missing.", name));
    if (!size || place->second.numbers < storage.numbers) {
      fail(fmt::format("{}: claims {} numbers, but {} are stored.", name, storage.numbers,
                       place->second.numbers));
    }
    last_bytes_ = file_bytes(place->second.offset, place->second.numbers * width);
  }
  last_key_ = storage.key;
  return last_bytes_;
}

Tensor TorchFile::tensor(NodeId id, const std::string& name) {
  const std::optional<View> view = view_of(id);
  if (!view) fail(fmt::format("{} is not a readable tensor.", name));
  const Storage storage = storage_of(view->storage, name);
  const Index width = width_of(storage.type);
  if (width == 0) {
    fail(fmt::format("{} is a {}; float32, float16, bfloat16 and float64 are supported.", name,
                     storage.type));
  }
  Tensor tensor;
  tensor.shape = sizes(view->size, name);
  const std::vector<Index> stride = sizes(view->stride, name);
  const bool far =
      std::any_of(stride.begin(), stride.end(), [](Index step) { return step > Index{1} << 48; });
  if (stride.size() != tensor.shape.size() || tensor.shape.size() > 8 || far ||
      !graph_.is(view->offset, Kind::integer) || graph_[view->offset].integer < 0) {
    fail(fmt::format("{}: its shape, strides and offset do not fit together.", name));
  }
  // Where the last number stands, and how many there are, before anything is allocated.
  const std::string& bytes = bytes_of(storage, width, name);
  const Index stored = static_cast<Index>(bytes.size()) / width;
  std::optional<Index> count = 1;
  Index last = 0;
  bool inside = !__builtin_add_overflow(graph_[view->offset].integer, storage.offset, &last);
  const Index first = last;
  for (std::size_t i = 0; i < stride.size() && count; ++i) {
    count = product(*count, tensor.shape[i]);
    const std::optional<Index> step = product(std::max<Index>(tensor.shape[i] - 1, 0), stride[i]);
    inside = inside && step && !__builtin_add_overflow(last, *step, &last);
  }
  // A stride of 0 may repeat numbers, but not without end.
  if (!inside || !count || (*count > 0 && last >= stored) ||
      *count > std::max<Index>(stored, 65536)) {
    fail(fmt::format("{}: its shape [{}] reaches beyond the {} numbers that are stored.", name,
                     joined(tensor.shape, ", "), stored));
  }
  tensor.values.reserve(static_cast<std::size_t>(*count));
  std::vector<Index> at(stride.size(), 0);
  Index from = first;
  for (Index i = 0; i < *count; ++i) {
    const float value = number_at(storage.type, bytes.data() + from * width);
    if (!std::isfinite(value)) {
      fail(fmt::format("{} holds NaN or infinite numbers; the training went wrong.", name));
    }
    tensor.values.push_back(value);
    for (std::size_t axis = stride.size(); axis-- > 0;) {  // like a counter, the last axis fastest
      from += stride[axis];
      if (++at[axis] < tensor.shape[axis]) break;
      from -= stride[axis] * tensor.shape[axis];
      at[axis] = 0;
    }
  }
  return tensor;
}

}  // namespace sicmir
