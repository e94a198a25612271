// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/prepared_model.hpp"

#include <utility>
#include <vector>

namespace sicmir {
namespace {

/// `model` keeps the members' weights.
std::vector<Member> take_members(Model& model) {
  std::vector<Member> members = std::move(model.members);
  model.members.clear();
  for (const Member& member : members) model.members.push_back({member.weight, {}});
  return members;
}

}  // namespace

PreparedModel::PreparedModel(Model model, Precision precision)
    : card_(std::move(model)), precision_(precision) {
  network_ = std::async(std::launch::async, [members = take_members(card_), precision]() mutable {
    return Network(std::move(members), precision);
  });
}

}  // namespace sicmir
