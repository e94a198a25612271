// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A thin, safe layer over the HDF5 C library: handles that close themselves, errors that are
/// sentences, and one lock around it all (not every build of HDF5 is thread-safe).

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/work_note.hpp"
#include "sicmir/annotation_place.hpp"
#include "sicmir/types.hpp"

namespace sicmir::h5 {

/// Held by every function below while it is inside HDF5, and by callers around raw H5 calls.
/// Recursive. Also silences HDF5's own error stack on this thread.
class Lock {
 public:
  Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};

/// Any HDF5 identifier; closes itself.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) noexcept : id_(id) {}
  Handle(Handle&& other) noexcept : id_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }
  [[nodiscard]] hid_t get() const noexcept { return id_; }
  explicit operator bool() const noexcept { return id_ >= 0; }
  void reset() noexcept;
  hid_t release() noexcept;

 private:
  hid_t id_ = H5I_INVALID_HID;
};

/// An open file with what its error messages need.
class File {
 public:
  /// Read-only, HDF5's own file locking off (shared cluster file systems refuse it), external links
  /// and external storage refused, LZF (filter 32000) registered. `code`: that of the errors that
  /// this file's readers throw (bad_input or bad_model).
  static File open_read(const std::string& path, ExitCode code = ExitCode::bad_input);
  /// The same, of an AnnData object: id() is its group, and messages name the input.
  static File open_read(const AnnotationPlace& place);
  /// New file; an existing one is replaced. Its errors are not_written.
  static File create(const std::string& path);

  /// Of the file, or of the group that is read as if it were the root.
  [[nodiscard]] hid_t id() const noexcept { return root_ ? root_.get() : handle_.get(); }
  [[nodiscard]] const AnnotationPlace& place() const noexcept { return place_; }
  [[nodiscard]] const std::string& path() const noexcept { return place_.name; }
  /// Size of the file, 0 if it is being created: no data set can store more than this.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Throws Error(code of the file) "PATH: WHERE: WHAT".
  [[noreturn]] void fail(std::string_view where, std::string_view what) const;
  /// Whether the file takes more than half of the machine's memory, so that the page cache cannot
  /// keep it until it is read again.
  [[nodiscard]] bool outgrows_cache() const noexcept;
  /// Gives back the page cache that holds this file. While a file that outgrows the cache is read
  /// from front to end, the kernel otherwise has to find room page by page, at several times the
  /// cost of the reading, and other files' pages go first.
  void release_cache() const noexcept;
  /// Closes and reports what HDF5 could not write.
  void close();

 private:
  static File open_place(const AnnotationPlace& place, ExitCode code);

  ScopedWork open_;  // first, so that it goes last: closing may crash as well
  Handle handle_;
  Handle root_;  // after the file, so that it goes before
  AnnotationPlace place_;
  std::uint64_t bytes_ = 0;
  ExitCode code_ = ExitCode::bad_input;
};

/// True if the file starts with the HDF5 signature at 0, 512, 1024, ... (format specification,
/// II.A).
[[nodiscard]] bool has_signature(std::span<const char> first_bytes);

enum class ObjectKind : std::uint8_t { absent, group, dataset, other };

/// What stands at `name` below `parent` ("a/b/c" is allowed). External links count as absent.
[[nodiscard]] ObjectKind kind_of(hid_t parent, const std::string& name);
[[nodiscard]] bool has_attribute(hid_t object, const std::string& name);
/// Names of the direct members, in name order.
[[nodiscard]] std::vector<std::string> members(const File& file, hid_t group);

[[nodiscard]] Handle open_group(const File& file, hid_t parent, const std::string& name);
/// Refuses external storage, virtual data sets, and compression that this program cannot read
/// (naming the filter).
[[nodiscard]] Handle open_dataset(const File& file, hid_t parent, const std::string& name);
[[nodiscard]] std::string path_of(hid_t object);

/// Extent of a data set; empty: scalar.
[[nodiscard]] std::vector<hsize_t> shape(const File& file, hid_t dataset);
/// Bytes that the data set takes in the file; with it a claimed shape can be judged before memory
/// is allocated for it.
[[nodiscard]] std::uint64_t stored_bytes(hid_t dataset);

/// Attribute as text (fixed or variable length, any character set), or nullopt if absent or not
/// text.
[[nodiscard]] std::optional<std::string> text_attribute(hid_t object, const std::string& name);
/// The same for a list of texts (scalar: a list of one).
[[nodiscard]] std::optional<std::vector<std::string>> texts_attribute(hid_t object,
                                                                      const std::string& name);
/// Integer or truth attribute, scalar or array, or nullopt.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integer_attribute(hid_t object,
                                                                         const std::string& name);

enum class TypeClass : std::uint8_t { integer, real, text, boolean, compound, reference, other };
[[nodiscard]] TypeClass type_class(hid_t dataset);

/// Throws if the data set claims far more elements than the bytes that the file holds of it can be,
/// so that a lying file cannot make its reader allocate memory. Returns the number of elements.
std::uint64_t check_claim(const File& file, hid_t dataset);

/// Whole one-dimensional data sets (scalars count as length 1). The length is checked by
/// check_claim() before anything is allocated. Numbers are converted by HDF5; text must be text.
[[nodiscard]] std::vector<std::string> read_texts(const File& file, hid_t parent,
                                                  const std::string& name);
[[nodiscard]] std::vector<double> read_doubles(const File& file, hid_t parent,
                                               const std::string& name);
[[nodiscard]] std::vector<std::int64_t> read_integers(const File& file, hid_t parent,
                                                      const std::string& name);
/// Elements `first .. first + out.size() - 1` of a one-dimensional data set, converted to `memory`
/// (e.g. H5T_NATIVE_FLOAT).
void read_slice(const File& file, hid_t dataset, hid_t memory, hsize_t first, hsize_t count,
                void* out);
/// The same for a one-dimensional data set of texts; or, with `field`, for that text field of a
/// compound one.
[[nodiscard]] std::vector<std::string> read_text_slice(const File& file, hid_t dataset,
                                                       hsize_t first, hsize_t count,
                                                       const std::string& field = {});

/// Writers. Data sets are contiguous; texts are variable-length UTF-8.
[[nodiscard]] Handle create_group(const File& file, hid_t parent, const std::string& name);
void write_texts(const File& file, hid_t parent, const std::string& name,
                 std::span<const std::string> values);
void write_text(const File& file, hid_t parent, const std::string& name, std::string_view value);
void write_doubles(const File& file, hid_t parent, const std::string& name,
                   std::span<const double> values);
void write_integers(const File& file, hid_t parent, const std::string& name,
                    std::span<const std::int64_t> values);
/// Any native type and shape, `data` row-major.
void write_array(const File& file, hid_t parent, const std::string& name, hid_t stored,
                 hid_t memory, std::span<const hsize_t> extent, const void* data);
void set_text_attribute(const File& file, hid_t object, const std::string& name,
                        std::string_view value);
void set_texts_attribute(const File& file, hid_t object, const std::string& name,
                         std::span<const std::string> values);
void set_integer_attribute(const File& file, hid_t object, const std::string& name,
                           std::int64_t value);
void set_double_attribute(const File& file, hid_t object, const std::string& name, double value);

}  // namespace sicmir::h5
