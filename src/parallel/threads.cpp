// SPDX-License-Identifier: BSD-3-Clause
#include "parallel/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace sicmir {
namespace {

/// Whole CPUs that a cgroup's quota allows, or 0 where there is none. Version 2 keeps "max 100000"
/// or "QUOTA PERIOD" in cpu.max, version 1 the same in two files (kernel.org, cgroup
/// documentation).
int cgroup_cpus() {
  double quota = 0;
  double period = 0;
  std::string word;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> word >> period) {
    if (word == "max") return 0;
    quota = std::strtod(word.c_str(), nullptr);
  } else {
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  }
  if (quota <= 0 || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::lround(quota / period)));
}

int slurm_cpus() {
  const char* text = std::getenv("SLURM_CPUS_PER_TASK");
  if (text == nullptr) return 0;
  int cpus = 0;
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), cpus);
  return error == std::errc() && end == view.data() + view.size() ? cpus : 0;
}

}  // namespace

int usable_cpus() {
  int cpus = 1;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) cpus = CPU_COUNT(&mask);
  for (const int bound : {cgroup_cpus(), slurm_cpus()}) {
    if (bound > 0) cpus = std::min(cpus, bound);
  }
  return std::max(1, cpus);
}

}  // namespace sicmir
