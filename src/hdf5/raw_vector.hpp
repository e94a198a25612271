// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Memory that is about to be read into.

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace sicmir::h5 {

/// An allocator by which numbers that are given no value have none, instead of zeros that the next
/// call overwrites: that took a twentieth of the time of reading.
template <class T>
struct Uninitialised : std::allocator<T> {
  template <class U>
  struct rebind {  // NOLINT(readability-identifier-naming): the standard's name
    using other = Uninitialised<U>;
  };
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

template <class T>
using RawVector = std::vector<T, Uninitialised<T>>;
using RawBytes = RawVector<std::uint8_t>;

}  // namespace sicmir::h5
