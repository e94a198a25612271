// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// HDF5 files that appear complete or not at all, and AnnData's encodings in them
/// (on-disk format 0.1.0).

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/output_file.hpp"
#include "base/text_list.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_driver.hpp"

namespace sicmir {

/// A new HDF5 file under an OutputFile's temporary name. All functions hold h5::Lock; every status
/// is checked, and a failure is Error(not_written) with the system's reason where HDF5 knows it.
class H5Output {
 public:
  /// Checks the place; creates nothing.
  explicit H5Output(const std::string& path) : name_(path), file_(path) {}
  /// A temporary file that is open already, and stays its owner's: commit() only completes it.
  /// `name`: for messages.
  H5Output(int descriptor, std::string name) : name_(std::move(name)), temporary_(descriptor) {}
  H5Output(const H5Output&) = delete;
  H5Output& operator=(const H5Output&) = delete;
  /// Leaves nothing behind unless commit() succeeded.
  ~H5Output();

  /// `user_block`: bytes that stand before what is HDF5, at most 512; empty: none.
  void create(std::string_view user_block = {});
  /// Starts with the bytes of HDF5 file `input` instead of an empty file. Throws Error(bad_input)
  /// if it cannot be read.
  void create_copy(const std::string& input);
  void commit();
  [[nodiscard]] hid_t id() const noexcept { return handle_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return name_; }

  void check(herr_t status) const {
    if (status < 0 || state_.error != 0) fail();
  }
  [[nodiscard]] h5::Handle checked(hid_t id) const {
    h5::Handle handle(id);
    if (id < 0 || state_.error != 0) fail();
    return handle;
  }
  /// Closes a data set and reports what could not be written then.
  void close(h5::Handle dataset) const { check(H5Dclose(dataset.release())); }
  [[noreturn]] void fail() const;

 private:
  std::string name_;
  int temporary_ = -1;
  std::optional<OutputFile> file_;  // unless temporary
  std::string user_block_;          // padded with zeros; written last
  h5::DriverState state_;
  h5::Handle handle_;
};

/// "a/b" makes the group a where it is missing, as h5py does. No times are stored.
[[nodiscard]] h5::Handle create_group(const H5Output& out, hid_t parent, const std::string& name,
                                      std::string_view encoding, std::string_view version);
/// Contiguous, allocated when written.
[[nodiscard]] h5::Handle create_dataset(const H5Output& out, hid_t parent, const std::string& name,
                                        hid_t type, std::span<const hsize_t> extent);
void set_encoding(const H5Output& out, hid_t object, std::string_view encoding,
                  std::string_view version);
void set_text(const H5Output& out, hid_t object, const char* name, std::string_view value);
void set_texts(const H5Output& out, hid_t object, const char* name,
               std::span<const std::string> values);
void set_integers(const H5Output& out, hid_t object, const char* name,
                  std::span<const std::int64_t> values);
/// A scalar.
void set_integer(const H5Output& out, hid_t object, const char* name, std::int64_t value);
/// As h5py stores a Python bool: an enumeration FALSE, TRUE.
[[nodiscard]] h5::Handle bool_type(const H5Output& out);
void set_bool(const H5Output& out, hid_t object, const char* name, bool value);
/// Writes `count` lines, all of each, from line `first` of a data set of any rank.
void write_lines(const H5Output& out, hid_t dataset, hid_t memory, hsize_t first, hsize_t count,
                 const void* values);

/// Variable-length UTF-8.
[[nodiscard]] h5::Handle utf8_type();
/// Elements with their encodings: numeric-scalar, string, string-array, array (float64).
void write_integer(const H5Output& out, hid_t parent, const std::string& name, std::int64_t value);
void write_double(const H5Output& out, hid_t parent, const std::string& name, double value);
void write_bool(const H5Output& out, hid_t parent, const std::string& name, bool value);
void write_string(const H5Output& out, hid_t parent, const std::string& name,
                  std::string_view value);
void write_string_array(const H5Output& out, hid_t parent, const std::string& name,
                        const TextList& values);
void write_double_array(const H5Output& out, hid_t parent, const std::string& name,
                        std::span<const double> values);

}  // namespace sicmir
