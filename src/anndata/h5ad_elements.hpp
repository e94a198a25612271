// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Copies elements of an h5ad (tables, categories, sparse matrices, dictionaries...) of any version
/// into another, rewritten in AnnData's on-disk format 0.1.0.

#include <functional>
#include <string>
#include <vector>

#include "anndata/h5_copy.hpp"

namespace sicmir {

struct ElementOptions {
  PerCell per_cell = PerCell::no;
  bool one_text_is_scalar = false;  ///< as in CopyOptions
  /// Asked for every element, with its path in the input; true: it is not copied.
  std::function<bool(hid_t element, const std::string& path)> leave_out = {};
};

class ElementCopier {
 public:
  /// An attribute that lists more names than this does not fit into an object header (64 KB).
  static constexpr std::size_t max_columns = 4000;

  /// `names`: of the kept cells; the index of every table of cells.
  ElementCopier(const h5::File& in, const H5Output& out, const TextList& names,
                const KeptCells& kept, ArrayCopier& arrays)
      : in_(in), out_(out), names_(names), kept_(kept), arrays_(arrays) {}

  /// Copies member `name` of `parent_in`, which stands at `path` of the input, to `parent_out`
  /// under the same name. Throws NotCopied or the input's Error.
  void copy(hid_t parent_in, const std::string& name, hid_t parent_out, const std::string& path,
            const ElementOptions& options);

  /// Does `work`, which makes `name` in `parent_out`. If the input does not allow it, removes what
  /// was made, warns, and returns false.
  bool attempt(const std::string& path, hid_t parent_out, const std::string& name,
               const std::function<void()>& work);
  /// Does `work`; warns if the input does not allow it.
  bool guard(const std::string& path, const std::function<void()>& work);

  /// Axes of an element; empty if it has none or they cannot be read.
  [[nodiscard]] std::vector<hsize_t> extent_of(hid_t element) const;
  /// `group` is being copied by the caller: links back to it are refused.
  void enter(hid_t group);
  /// Columns that a table lists.
  [[nodiscard]] static std::vector<std::string> listed_columns(hid_t table);
  /// Fields of a compound data set.
  [[nodiscard]] static std::vector<std::string> fields(hid_t dataset);

 private:
  void copy_dataset(hid_t parent_in, const std::string& name, hid_t parent_out,
                    const ElementOptions& options);
  void copy_group(hid_t group, hid_t parent_out, const std::string& name, const std::string& path,
                  const ElementOptions& options);
  void copy_sparse(hid_t group, bool compressed_lines, hid_t parent_out, const std::string& name,
                   const ElementOptions& options);
  void copy_categorical(hid_t group, hid_t parent_out, const std::string& name,
                        const std::string& path, const ElementOptions& options);
  void copy_referenced_categories(hid_t codes, hid_t parent_out, const std::string& name,
                                  const ElementOptions& options);
  void copy_nullable(hid_t group, const std::string& encoding, hid_t parent_out,
                     const std::string& name, const ElementOptions& options);
  void copy_nullable_texts(hid_t group, hid_t parent_out, const std::string& name,
                           const ElementOptions& options);
  void copy_table(hid_t group, hid_t parent_out, const std::string& name, const std::string& path,
                  const ElementOptions& options);
  void copy_dictionary(hid_t group, hid_t parent_out, const std::string& name,
                       const std::string& path, const ElementOptions& options);
  void warn(const std::string& sentence);

  const h5::File& in_;
  const H5Output& out_;
  const TextList& names_;
  const KeptCells& kept_;
  ArrayCopier& arrays_;
  std::vector<haddr_t> ancestors_;  // groups that are being copied
  int warnings_ = 0;
};

}  // namespace sicmir
