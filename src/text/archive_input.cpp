// SPDX-License-Identifier: BSD-3-Clause
#include "text/archive_input.hpp"

#include <archive.h>

#include <cerrno>
#include <utility>

namespace sicmir {

void ArchiveInput::Free::operator()(archive* reader) const noexcept {
  archive_read_free(reader);
}

ArchiveInput::ArchiveInput(Next next)
    : served_(std::make_unique<Served>()), archive_(archive_read_new()) {
  served_->next = std::move(next);
}

bool ArchiveInput::open() {
  return archive_read_open(archive_.get(), served_.get(), nullptr, &ArchiveInput::serve, nullptr) ==
         ARCHIVE_OK;
}

std::optional<std::span<const char>> ArchiveInput::read() {
  for (;;) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int done = archive_read_data_block(archive_.get(), &bytes, &size, &offset);
    if (done == ARCHIVE_EOF) return std::span<const char>{};
    if (done != ARCHIVE_OK) return std::nullopt;
    if (size > 0) return std::span<const char>{static_cast<const char*>(bytes), size};
  }
}

std::string ArchiveInput::why() const {
  if (served_->error) std::rethrow_exception(served_->error);
  const char* const what = archive_ ? archive_error_string(archive_.get()) : nullptr;
  return what != nullptr ? what : "libarchive gave no reason";
}

std::ptrdiff_t ArchiveInput::serve(archive* reader, void* served, const void** bytes) noexcept {
  auto& source = *static_cast<Served*>(served);
  try {
    const std::span<const char> next = source.next();
    source.n += static_cast<std::int64_t>(next.size());
    *bytes = next.data();
    return static_cast<std::ptrdiff_t>(next.size());
  } catch (...) {
    source.error = std::current_exception();
    archive_set_error(reader, EIO, "the input cannot be read");
    return -1;
  }
}

}  // namespace sicmir
