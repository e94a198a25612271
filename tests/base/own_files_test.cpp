// SPDX-License-Identifier: BSD-3-Clause
#include "base/own_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace sicmir {
namespace {

TEST(OwnFiles, TheFolderOfTheProgramIsThatOfItsFile) {
  EXPECT_EQ(folder_of_program(), std::filesystem::read_symlink("/proc/self/exe").parent_path());
}

TEST(OwnFiles, ATemporaryFileHasNoNameAndCanBeOpenedOnceMore) {
  const std::string folder = ::testing::TempDir() + "/own_files";
  std::filesystem::create_directories(folder);
  ::setenv("TMPDIR", folder.c_str(), 1);
  const TemporaryPlace place = open_temporary();
  ::unsetenv("TMPDIR");
  EXPECT_EQ(place.folder, folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  ASSERT_EQ(::pwrite(place.file.get(), "text", 4, 0), 4);
  const Descriptor again(open_input(path_of_descriptor(place.file.get())));
  ASSERT_TRUE(again);
  std::string text(4, ' ');
  EXPECT_EQ(::pread(again.get(), text.data(), text.size(), 0), 4);
  EXPECT_EQ(text, "text");
}

TEST(OwnFiles, AMissingFolderForTemporaryFilesIsPassedOver) {
  ::setenv("TMPDIR", "/nonexistent-folder", 1);
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const TemporaryPlace place = open_temporary();
  const std::string words =
      ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr();
  ::unsetenv("TMPDIR");
  EXPECT_EQ(place.folder, "/tmp");
  EXPECT_TRUE(place.file);
  EXPECT_NE(words.find("/nonexistent-folder: No such file or directory"), std::string::npos)
      << words;
}

TEST(OwnFiles, WhatIsMissingIsAnErrorWithItsReason) {
  errno = 0;
  EXPECT_EQ(open_input("/nonexistent-folder/file"), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(open_input("/dev/fd/999999"), -1);
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace sicmir
