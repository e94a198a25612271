// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_endings.hpp"

#include <gtest/gtest.h>

namespace sicmir {
namespace {

TEST(NameWithoutEndings, KeepsWhatIsNoEnding) {
  EXPECT_EQ(name_without_endings("data/a.b.tsv.gz"), "a.b");
  EXPECT_EQ(name_without_endings("cells.loom"), "cells");
  EXPECT_EQ(name_without_endings("filtered.tar.gz"), "filtered");
  EXPECT_EQ(name_without_endings("run1/"), "run1");
  EXPECT_EQ(name_without_endings("x/.csv"), ".csv");
  EXPECT_EQ(name_without_endings("GSE1.counts"), "GSE1.counts");
}

}  // namespace
}  // namespace sicmir
