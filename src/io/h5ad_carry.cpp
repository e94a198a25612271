#include "io/h5ad_carry.hpp"
namespace sicmir {
void KeptCells::append(Index input_cell) {
  ++size_;
  if (!runs_.empty()) {
    Run& last = runs_.back();
    if (input_cell == last.first + last.count) {
      ++last.count;
      return;
    }
    if (input_cell < last.first + last.count) ordered_ = false;
  }
  runs_.push_back({input_cell, 1});
}
void carry_over(const std::string&, const H5Output& out, const TextList& names, const KeptCells&) {
  const h5::Handle table = create_group(out, out.id(), "obs", "dataframe", "0.2.0");
  write_string_array(out, table.get(), "_index", names);
  set_text(out, table.get(), "_index", "_index");
  set_texts(out, table.get(), "column-order", {});
  for (const char* name : {"obsm", "obsp", "uns"}) {
    (void)create_group(out, out.id(), name, "dict", "0.1.0");
  }
}
}  // namespace sicmir
