// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// SQLite, with errors that are sentences. Used by the catalogue alone.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace sicmir::atlas {

class Database;

/// A prepared statement, and the line of its result that it stands at.
class Statement {
 public:
  Statement& bind(int place, std::int64_t value);
  Statement& bind(int place, double value);
  Statement& bind(int place, std::string_view text);
  Statement& bind(int place, std::span<const std::byte> blob);
  /// Makes a statement ready to run again, with other values.
  Statement& reset();
  /// Runs a statement without a result, and makes it ready to run again.
  void run();
  /// True: there is a line.
  bool next();
  /// Whether the last next() was true.
  [[nodiscard]] bool is_at_row() const noexcept { return is_at_row_; }

  /// Values of the line, columns from 0. Anything of another type is damage.
  [[nodiscard]] std::int64_t integer(int column, std::int64_t low, std::int64_t high) const;
  /// NULL is NaN: SQLite stores no NaN.
  [[nodiscard]] double number(int column) const;
  /// At most `longest` bytes.
  [[nodiscard]] std::string text(int column, std::size_t longest = std::size_t{1} << 20) const;
  /// Exactly `size` bytes; valid until next().
  [[nodiscard]] std::span<const std::byte> blob(int column, std::size_t size) const;
  /// As many as there are, at most `most`.
  [[nodiscard]] std::span<const std::byte> blob_up_to(int column, std::size_t most) const;
  [[noreturn]] void damaged(int column, const std::string& what) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  Statement(const Database& database, std::string_view sql);
  void check(int status) const;

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool is_at_row_ = false;
};

/// One thread at a time.
class Database {
 public:
  /// A new file, written with a rollback journal in memory: a file that is not finished is thrown
  /// away.
  [[nodiscard]] static Database create(const std::filesystem::path& file);
  /// Read-only and immutable (no locks, no journal, no WAL), with nothing that the schema could
  /// call: views and triggers are off, the schema is not trusted, double-quoted texts are no
  /// literals. Errors are bad_input.
  [[nodiscard]] static Database open(const std::filesystem::path& file);

  void execute(const std::string& sql);
  [[nodiscard]] Statement prepare(std::string_view sql) const { return {*this, sql}; }
  /// Ends the writing and closes.
  void close();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  explicit Database(const std::filesystem::path& file) : path_(file.string()) {}
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  bool is_written_ = false;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace sicmir::atlas
