// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_window.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>

#include "hdf5/h5_storage.hpp"

namespace sicmir::h5 {
namespace {

constexpr hsize_t texts_per_window = 8192;

}  // namespace

Windows::Windows(const File& file, Handle dataset, hsize_t wanted)
    : dataset_(std::move(dataset)), path_(path_of(dataset_.get())) {
  const std::vector<hsize_t> extent = shape(file, dataset_.get());
  if (extent.size() != 1) {
    file.fail(path_, fmt::format("has {} dimensions; one was expected.", extent.size()));
  }
  length_ = check_claim(file, dataset_.get());
  const std::vector<hsize_t> chunk = chunk_shape(dataset_.get());
  window_ = std::max<hsize_t>(wanted, 1);
  if (chunk.empty()) return;
  chunk_ = chunk[0];
  const std::size_t chunk_bytes = check_chunk_claim(file, dataset_.get());
  hdf5_bytes_ = 2 * chunk_bytes;  // inflated, and as it comes from the disk
  if (chunk_ <= window_) {
    window_ -= window_ % chunk_;
    dataset_ = reopen_with_cache(file, std::move(dataset_), 0);
  } else {
    dataset_ = reopen_with_cache(file, std::move(dataset_), chunk_bytes);
  }
}

std::pair<hsize_t, hsize_t> Windows::around(hsize_t element) const noexcept {
  if (window_ >= chunk_) {
    const hsize_t first = element - element % window_;
    return {first, std::min(first + window_, length_)};
  }
  const hsize_t chunk_first = element - element % chunk_;
  const hsize_t first = element - (element - chunk_first) % window_;
  return {first, std::min({first + window_, chunk_first + chunk_, length_})};
}

hsize_t Windows::longest() const noexcept {
  return std::min(window_, length_);
}

template <class T>
NumberReader<T>::NumberReader(const File& file, Handle dataset, hsize_t wanted,
                              std::optional<std::int64_t> limit, std::string limit_of)
    : file_(file),
      windows_(file, std::move(dataset), wanted),
      limit_(limit),
      limit_of_(std::move(limit_of)) {
  const TypeClass type = type_class(windows_.dataset());
  const bool is_number = type == TypeClass::integer || type == TypeClass::boolean ||
                         (type == TypeClass::real && !limit);
  if (!is_number) {
    file.fail(path(), fmt::format("holds {} values; {} were expected.",
                                  type_name(windows_.dataset()), limit ? "integers" : "numbers"));
  }
  if (compression_name(windows_.dataset()).empty()) return;
  if (auto codec = ChunkCodec::of(file, windows_.dataset())) {
    chunks_.emplace(std::move(*codec), windows_.dataset(), memory_type<T>());
  }
}

template <class T>
void NumberReader<T>::load(hsize_t element) {
  const auto [first, end] = windows_.around(element);
  values_.resize(end - first);
  first_ = end_ = 0;  // should it fail, nothing is held
  if (chunks_) {
    const hsize_t chunk = windows_.chunk();
    for (hsize_t at = first; at < end;) {
      const hsize_t corner = at - at % chunk;
      const hsize_t count = std::min(corner + chunk, end) - at;
      const T* elements =
          static_cast<const T*>(chunks_->at(windows_.dataset(), std::span(&corner, 1)));
      std::copy_n(elements + (at - corner), count, values_.data() + (at - first));
      at += count;
    }
  } else {
    read_slice(file_, windows_.dataset(), memory_type<T>(), first, end - first, values_.data());
  }
  check_limit(values_, first);
  first_ = first;
  end_ = end;
}

template <class T>
void NumberReader<T>::check_limit(std::span<const T> values, hsize_t first) const {
  if constexpr (std::is_integral_v<T>) {
    if (!limit_) return;
    // One comparison per value, without a branch: negative values are large as unsigned ones.
    using Unsigned = std::make_unsigned_t<T>;
    Unsigned largest = 0;
    for (const T value : values) largest = std::max(largest, static_cast<Unsigned>(value));
    if (values.empty() ||
        static_cast<std::uint64_t>(largest) < static_cast<std::uint64_t>(*limit_)) {
      return;
    }
    const auto bad = std::find_if(values.begin(), values.end(), [&](T value) {
      return value < 0 || static_cast<std::int64_t>(value) >= *limit_;
    });
    file_.fail(path(), fmt::format("element {} is {}, but there are {} {}; the file is damaged.",
                                   first + static_cast<hsize_t>(bad - values.begin()), *bad,
                                   *limit_, limit_of_));
  }
}

template class NumberReader<float>;
template class NumberReader<double>;
template class NumberReader<std::int32_t>;
template class NumberReader<std::int64_t>;

TextReader::TextReader(const File& file, Handle dataset, std::string field)
    : file_(&file), field_(std::move(field)) {
  check_chunks(file, dataset.get());
  windows_.emplace(file, std::move(dataset), texts_per_window);
}

TextReader::TextReader(std::vector<std::string> texts)
    : texts_(std::move(texts)), end_(texts_.size()) {}

hsize_t TextReader::length() const noexcept {
  return windows_ ? windows_->length() : texts_.size();
}

void TextReader::load(hsize_t element) {
  const auto [first, end] = windows_->around(element);
  first_ = end_ = 0;
  texts_ = read_text_slice(*file_, windows_->dataset(), first, end - first, field_);
  first_ = first;
  end_ = end;
}

std::vector<std::string> TextReader::all() {
  if (!windows_) return texts_;
  std::vector<std::string> texts;
  texts.reserve(length());
  for (hsize_t i = 0; i < length(); ++i) texts.push_back(at(i));
  return texts;
}

std::size_t TextReader::memory_bytes() const noexcept {
  constexpr std::size_t bytes_per_text = sizeof(std::string) + 64;  // names are short
  return windows_ ? windows_->longest() * bytes_per_text + windows_->hdf5_bytes()
                  : texts_.size() * bytes_per_text;
}

}  // namespace sicmir::h5
