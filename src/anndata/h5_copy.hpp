// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Copies data sets from one HDF5 file into another, in pieces, as the elements of AnnData's
/// on-disk format. What cannot be copied safely is refused by an exception that says why.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "anndata/h5ad_carry.hpp"
#include "hdf5/h5_output.hpp"

namespace sicmir {

/// Why something is not copied: the end of a sentence that names it.
class NotCopied : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Its attribute `encoding-type`, empty where there is none.
[[nodiscard]] std::string encoding_of(hid_t object);

/// What one file may make another grow to, so that a small hostile file (one text that a million
/// elements point to, a graph of links without end) cannot fill a disk.
class CopyBudget {
 public:
  explicit CopyBudget(std::uint64_t file_bytes)
      : bytes_(std::uint64_t{64} * file_bytes + (std::uint64_t{1} << 28)) {}
  void take_bytes(std::uint64_t bytes);
  void take_object();

 private:
  std::uint64_t bytes_;
  std::uint64_t objects_ = 100000;
};

/// Which axes of an element are the cells.
enum class PerCell : std::uint8_t { no, lines, square };

struct CopyOptions {
  PerCell per_cell = PerCell::no;
  /// Old files keep a text as an array of one fixed-length text; AnnData reads it as a text.
  bool one_text_is_scalar = false;
  /// Arrays of fewer axes get axes of length 1 behind.
  std::size_t min_rank = 0;
};

class ArrayCopier {
 public:
  ArrayCopier(const h5::File& in, const H5Output& out, const KeptCells& kept, Index n_input_cells)
      : in_(in), out_(out), kept_(kept), n_input_(n_input_cells), budget_(in.bytes()) {}

  [[nodiscard]] CopyBudget& budget() noexcept { return budget_; }
  [[nodiscard]] Index n_input_cells() const noexcept { return n_input_; }

  /// An array, text, list of texts, record array or scalar, of any rank; with `field`, that field
  /// of a compound data set. Stored types are kept, but texts become variable-length UTF-8.
  void copy(hid_t dataset, const std::string& field, hid_t parent, const std::string& name,
            const CopyOptions& options);
  /// Codes of categories, one per cell or (PerCell::no) all: integers from -1 to n_categories - 1.
  void copy_codes(hid_t dataset, const std::string& field, hid_t parent, const std::string& name,
                  PerCell per_cell, Index n_categories);
  /// A CSR or CSC matrix (`compressed_lines`: CSR) of `shape`, as csr_matrix or csc_matrix 0.1.0.
  void copy_sparse(hid_t group, bool compressed_lines, std::pair<Index, Index> shape, hid_t parent,
                   const std::string& name, PerCell per_cell);

 private:
  struct Source;
  struct SparseCut;

  [[nodiscard]] Source open(hid_t dataset, const std::string& field) const;
  void check_cells(const std::vector<hsize_t>& extent, PerCell per_cell) const;
  [[nodiscard]] bool selects(PerCell per_cell) const noexcept {
    return per_cell != PerCell::no && !kept_.are_all(n_input_);
  }
  /// Calls use(bytes, lines) for pieces of the kept lines, in order; `bytes` holds them in the
  /// layout of source.memory.
  template <class Use>
  void for_kept_lines(const Source& source, PerCell per_cell, Use use);
  void copy_texts(const Source& source, hid_t parent, const std::string& name,
                  const CopyOptions& options, const std::vector<hsize_t>& extent);
  [[nodiscard]] std::vector<std::int64_t> read_indptr(hid_t group, Index majors,
                                                      std::uint64_t stored);

  const h5::File& in_;
  const H5Output& out_;
  const KeptCells& kept_;
  Index n_input_;
  CopyBudget budget_;
};

}  // namespace sicmir
