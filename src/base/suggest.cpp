// SPDX-License-Identifier: BSD-3-Clause
#include "base/suggest.hpp"

#include <algorithm>
#include <vector>

namespace sicmir {
namespace {

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three lines of the table: of the character before the last, of the last, of this one.
  std::vector<std::size_t> older(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = folded(a[i - 1]);
      const char y = folded(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y) {
        now[j] = std::min(now[j], older[j - 2] + 1);
      }
    }
    older.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

std::string nearest(std::string_view given, std::span<const std::string> known) {
  constexpr std::size_t longest = 200;  // what is longer is no name that was mistyped
  if (given.empty() || given.size() > longest) return {};
  for (const std::string& name : known) {
    const std::size_t length = given.size();
    if (name.size() > length && name[length] == '-' &&
        edit_distance(given, std::string_view(name).substr(0, length)) == 0) {
      return name;
    }
  }
  std::string best;
  std::size_t least = std::max<std::size_t>(1, given.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t difference =
        name.size() > given.size() ? name.size() - given.size() : given.size() - name.size();
    if (difference >= least) continue;
    const std::size_t distance = edit_distance(given, name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view given, std::span<const std::string> known) {
  const std::string name = nearest(given, known);
  return name.empty() ? name : " Did you mean '" + name + "'?";
}

}  // namespace sicmir
