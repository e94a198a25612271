// SPDX-License-Identifier: BSD-3-Clause
#include "output/h5ad_pools.hpp"

#include <array>
#include <string>
#include <vector>

namespace sicmir {
namespace {

template <class T>
std::vector<T> chosen(const std::vector<T>& all, const KeptCells& kept) {
  std::vector<T> values;
  for (const KeptCells::Run& run : kept.runs()) {
    const auto first = all.begin() + run.first;
    values.insert(values.end(), first, first + run.count);
  }
  return values;
}

void write_column(const H5Output& out, hid_t table, const KeptCells& kept,
                  const CellColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column.values)) {
    TextList list;
    for (const std::string& text : chosen(*texts, kept)) list.append(as_utf8(text));
    write_string_array(out, table, column.name, list);
    return;
  }
  const std::vector<std::int64_t> numbers =
      chosen(std::get<std::vector<std::int64_t>>(column.values), kept);
  const std::array<hsize_t, 1> extent = {numbers.size()};
  h5::Handle dataset = create_dataset(out, table, column.name, H5T_STD_I64LE, extent);
  write_lines(out, dataset.get(), H5T_NATIVE_INT64, 0, numbers.size(), numbers.data());
  set_encoding(out, dataset.get(), "array", "0.2.0");
  out.close(std::move(dataset));
}

}  // namespace

void write_pool_table(const H5Output& out, const TextList& names, const KeptCells& kept,
                      std::span<const CellColumn> columns) {
  const h5::Lock lock;
  const h5::Handle table = create_group(out, out.id(), "obs", "dataframe", "0.2.0");
  write_string_array(out, table.get(), "_index", names);
  set_text(out, table.get(), "_index", "_index");
  std::vector<std::string> order;
  for (const CellColumn& column : columns) {
    write_column(out, table.get(), kept, column);
    order.push_back(column.name);
  }
  set_texts(out, table.get(), "column-order", order);
  for (const char* name : {"obsm", "obsp", "uns"}) {
    (void)create_group(out, out.id(), name, "dict", "0.1.0");
  }
}

}  // namespace sicmir
