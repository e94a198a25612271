// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <fstream>
#include <limits>
#include <system_error>

#include "base/text_list.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

/// The path as a URI (sqlite.org/uri.html), whatever bytes it has.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' || c == '_';
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02x}", byte);
  }
  return uri + "?immutable=1";
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* handle) const noexcept {
  sqlite3_close_v2(handle);
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v2(database.handle_.get(), sql.data(),
                                        static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  check(status);
}

void Statement::check(int status) const {
  if (status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE) return;
  database_->fail(sqlite3_errmsg(database_->handle_.get()));
}

Statement& Statement::bind(int place, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), place, value));
  return *this;
}

Statement& Statement::bind(int place, double value) {
  check(sqlite3_bind_double(statement_.get(), place, value));
  return *this;
}

Statement& Statement::bind(int place, std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int place, std::span<const std::byte> blob) {
  check(sqlite3_bind_blob64(statement_.get(), place,
                            blob.empty() ? "" : static_cast<const void*>(blob.data()), blob.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::reset() {
  check(sqlite3_reset(statement_.get()));
  return *this;
}

void Statement::run() {
  check(sqlite3_step(statement_.get()));
  reset();
}

bool Statement::next() {
  const int status = sqlite3_step(statement_.get());
  is_at_row_ = status == SQLITE_ROW;
  check(status);
  return is_at_row_;
}

void Statement::damaged(int column, const std::string& what) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  const char* sql = sqlite3_sql(statement_.get());
  database_->fail(fmt::format("{} {} in the answer to \"{}\"", name == nullptr ? "a value" : name,
                              what, sql == nullptr ? "" : sql));
}

std::int64_t Statement::integer(int column, std::int64_t low, std::int64_t high) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) {
    damaged(column, "is no whole number");
  }
  const std::int64_t value = sqlite3_column_int64(statement_.get(), column);
  if (value < low || value > high) {
    damaged(column, fmt::format("is {}; expected {} to {}", value, low, high));
  }
  return value;
}

double Statement::number(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) damaged(column, "is no number");
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column, std::size_t longest) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) damaged(column, "is no text");
  const unsigned char* bytes = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (bytes == nullptr || size > longest) {
    damaged(column, fmt::format("has {} bytes; expected at most {}", size, longest));
  }
  std::string text(static_cast<const char*>(static_cast<const void*>(bytes)), size);
  if (!is_utf8(text) || text.find('\0') != std::string::npos) damaged(column, "is not UTF-8");
  return text;
}

std::span<const std::byte> Statement::blob_up_to(int column, std::size_t most) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) damaged(column, "is no blob");
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (size > most) damaged(column, fmt::format("has {} bytes; expected at most {}", size, most));
  return {static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : size};
}

std::span<const std::byte> Statement::blob(int column, std::size_t size) const {
  const std::span<const std::byte> bytes = blob_up_to(column, size);
  if (bytes.size() != size) {
    damaged(column, fmt::format("has {} bytes; expected {}", bytes.size(), size));
  }
  return bytes;
}

Database Database::create(const std::filesystem::path& file) {
  Database database(file);
  database.is_written_ = true;
  sqlite3* handle = nullptr;
  const int status =
      sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database.handle_.reset(handle);
  if (status != SQLITE_OK) database.fail(sqlite3_errmsg(handle));
  // The file is thrown away unless it is finished: no journal, and one sync at the end.
  database.execute("PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
  return database;
}

Database Database::open(const std::filesystem::path& file) {
  Database database(file);
  {
    // SQLite says "not a database" of an empty file only when it is asked for a table.
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(file, error);
    if (error) database.fail(error.message());
    if (bytes == 0) database.fail("is empty");
  }
  sqlite3* handle = nullptr;
  const int status =
      sqlite3_open_v2(uri_of(database.path_).c_str(), &handle,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  database.handle_.reset(handle);
  if (status != SQLITE_OK) database.fail(sqlite3_errmsg(handle));
  int now = 0;
  for (const int setting :
       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
        SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION}) {
    sqlite3_db_config(handle, setting, 0, &now);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, &now);
  constexpr int longest = 1 << 28;  // of a text or blob
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, longest);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  database.execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;");
  return database;
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(sqlite3_errmsg(handle_.get()));
  }
}

void Database::close() {
  if (sqlite3_close(handle_.get()) != SQLITE_OK) fail(sqlite3_errmsg(handle_.get()));
  (void)handle_.release();
}

void Database::fail(const std::string& what) const {
  if (is_written_) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: the catalogue cannot be written: {}.", path_, what));
  }
  throw Error(ExitCode::bad_input,
              fmt::format("{}: the catalogue cannot be read: {}. It is missing or damaged; make it "
                          "again with `sicmir atlas index`.",
                          path_, what));
}

}  // namespace sicmir::atlas
