// SPDX-License-Identifier: BSD-3-Clause
#include "output/h5ad_fields.hpp"

#include <optional>
#include <string>
#include <utility>

namespace sicmir {
namespace {

constexpr int most_levels = 4;

void write_field(const H5Output& out, hid_t parent, const std::string& name,
                 const FieldValue& value) {
  struct Writer {
    const H5Output& out;
    hid_t parent;
    const std::string& name;

    void operator()(bool truth) const { write_bool(out, parent, name, truth); }
    void operator()(std::int64_t number) const { write_integer(out, parent, name, number); }
    void operator()(double number) const { write_double(out, parent, name, number); }
    void operator()(const std::string& text) const { write_string(out, parent, name, text); }
    void operator()(const std::vector<std::string>& texts) const {
      TextList list;
      for (const std::string& text : texts) list.append(as_utf8(text));
      write_string_array(out, parent, name, list);
    }
    void operator()(const std::vector<double>& numbers) const {
      write_double_array(out, parent, name, numbers);
    }
  };
  std::visit(Writer{out, parent, name}, value);
}

std::optional<FieldValue> read_field(const h5::File& file, hid_t group, const std::string& name) {
  const h5::Handle dataset = h5::open_dataset(file, group, name);
  const bool is_scalar = h5::shape(file, dataset.get()).empty();
  switch (h5::type_class(dataset.get())) {
    case h5::TypeClass::boolean:
    case h5::TypeClass::integer: {
      const std::vector<std::int64_t> numbers = h5::read_integers(file, group, name);
      if (!is_scalar || numbers.empty()) return std::nullopt;
      if (h5::type_class(dataset.get()) == h5::TypeClass::boolean) return numbers.front() != 0;
      return numbers.front();
    }
    case h5::TypeClass::real: {
      std::vector<double> numbers = h5::read_doubles(file, group, name);
      if (is_scalar && !numbers.empty()) return numbers.front();
      return numbers;
    }
    case h5::TypeClass::text: {
      std::vector<std::string> texts = h5::read_texts(file, group, name);
      if (is_scalar && !texts.empty()) return std::move(texts.front());
      return texts;
    }
    default:
      return std::nullopt;
  }
}

void read_level(const h5::File& file, hid_t group, const std::string& before, int level,
                std::vector<Field>& fields) {
  for (const std::string& name : h5::members(file, group)) {
    const h5::ObjectKind kind = h5::kind_of(group, name);
    if (kind == h5::ObjectKind::group && level < most_levels) {
      const h5::Handle below = h5::open_group(file, group, name);
      read_level(file, below.get(), before + name + "/", level + 1, fields);
    } else if (kind == h5::ObjectKind::dataset) {
      if (auto value = read_field(file, group, name)) {
        fields.emplace_back(before + name, std::move(*value));
      }
    }
  }
}

}  // namespace

void write_fields(const H5Output& out, hid_t parent, std::span<const Field> fields) {
  const h5::Lock lock;
  for (const Field& field : fields) {
    std::vector<h5::Handle> groups;
    hid_t place = parent;
    std::string rest = field.name;
    for (auto slash = rest.find('/'); slash != std::string::npos; slash = rest.find('/')) {
      const std::string group = rest.substr(0, slash);
      rest.erase(0, slash + 1);
      const bool is_there = H5Lexists(place, group.c_str(), H5P_DEFAULT) > 0;
      groups.push_back(is_there ? out.checked(H5Gopen2(place, group.c_str(), H5P_DEFAULT))
                                : create_group(out, place, group, "dict", "0.1.0"));
      place = groups.back().get();
    }
    write_field(out, place, rest, field.value);
  }
}

std::vector<Field> read_fields(const h5::File& file, hid_t group) {
  std::vector<Field> fields;
  read_level(file, group, "", 0, fields);
  return fields;
}

}  // namespace sicmir
