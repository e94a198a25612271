// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// libarchive reading bytes that a function of ours delivers.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct archive;

namespace sicmir {

class ArchiveInput {
 public:
  /// Delivers the next bytes, which stay until the next call; none at the end. May throw.
  using Next = std::function<std::span<const char>()>;

  explicit ArchiveInput(Next next);

  /// For settings, and to read headers; nullptr: libarchive has no memory left.
  [[nodiscard]] archive* get() const noexcept { return archive_.get(); }

  /// False: it failed, as why() says. Call once, when the settings are made.
  [[nodiscard]] bool open();

  /// The next bytes of the present member's content; none at its end; nullopt: it failed.
  [[nodiscard]] std::optional<std::span<const char>> read();

  /// What libarchive says of its last failure. Throws what Next threw, if that is why.
  [[nodiscard]] std::string why() const;

  /// Bytes delivered by Next so far.
  [[nodiscard]] std::int64_t n_served() const noexcept { return served_->n; }

 private:
  struct Free {
    void operator()(archive* reader) const noexcept;
  };
  struct Served {
    Next next;
    std::int64_t n = 0;
    std::exception_ptr error;
  };
  /// Errors of Next pass through libarchive, which is C.
  static std::ptrdiff_t serve(archive* reader, void* served, const void** bytes) noexcept;

  std::unique_ptr<Served> served_;  // libarchive keeps its address
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace sicmir
