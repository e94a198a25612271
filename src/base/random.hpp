// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Random numbers that are the same on every machine and with every standard library.

#include <cstdint>
#include <utility>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::training {

/// One step of SplitMix64 (Steele, Lea and Flood, 2014): a good 64-bit hash of `x`.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// What a stream of random numbers is for; streams of different purposes never overlap.
enum class Purpose : std::uint64_t {
  weights = 1,
  order = 2,
  dropout = 3,
  split = 4,
  bootstrap = 5,
  mask = 6,
  thin = 7,
  member = 8,
  folds = 9,
  profiles = 10,
  made_up = 11,
  rewiring = 12,
  excerpt = 13,
};

/// A key that depends on the seed, the purpose and up to two numbers (layer, step, epoch...).
[[nodiscard]] constexpr std::uint64_t key(std::uint64_t seed, Purpose purpose, std::uint64_t a = 0,
                                          std::uint64_t b = 0) noexcept {
  return mix(mix(mix(mix(seed) ^ static_cast<std::uint64_t>(purpose)) ^ a) ^ b);
}

/// A sequence of random numbers: the hashes of `key` + 0, 1, 2... No state but a counter, so that a
/// resumed run only needs to know where it stood.
class Random {
 public:
  explicit Random(std::uint64_t key) : key_(key) {}

  [[nodiscard]] std::uint64_t next() noexcept { return mix(key_ ^ mix(counter_++)); }

  /// 0 <= u < 1, with 24 bits, exact in float.
  [[nodiscard]] float uniform() noexcept {
    return static_cast<float>(next() >> 40) * (1.0f / 16777216.0f);
  }

  /// 0 .. n - 1; n at least 1. The bias of the remainder is below n / 2^64.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) noexcept {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
    }
  }

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

/// Takes `wanted` of `n` things that come one by one, by selection sampling (Knuth, The Art of
/// Computer Programming, volume 2, section 3.4.2, algorithm S): each choice of so many is equally
/// likely, but for the bias of Random::below().
class Selection {
 public:
  Selection(Index wanted, Index n, std::uint64_t key)
      : wanted_(static_cast<std::uint64_t>(wanted)),
        left_(static_cast<std::uint64_t>(n)),
        random_(key) {}

  /// Whether the next one is taken. False behind the last.
  [[nodiscard]] bool takes_next() noexcept {
    if (left_ == 0 || wanted_ == 0) return false;
    const bool taken = random_.below(left_--) < wanted_;
    if (taken) --wanted_;
    return taken;
  }

 private:
  std::uint64_t wanted_;  // yet to be taken
  std::uint64_t left_;    // to come
  Random random_;
};

}  // namespace sicmir::training
