// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One value of each of many things.

#include <vector>

namespace sicmir {

/// get(item) of every item, in their order.
template <class Value, class Item, class Get>
[[nodiscard]] std::vector<Value> each(const std::vector<Item>& items, Get get) {
  std::vector<Value> values;
  values.reserve(items.size());
  for (const Item& item : items) values.push_back(static_cast<Value>(get(item)));
  return values;
}

}  // namespace sicmir
