// SPDX-License-Identifier: BSD-3-Clause
#include "base/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "sicmir/types.hpp"
#include "support/scratch.hpp"

namespace sicmir {
namespace {

using test::content;
using test::entries;
using test::put;
using test::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return {ExitCode::done, "no error"};
}

void write_file(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST(OutputFile, AppearsOnlyWhenComplete) {
  const Scratch folder;
  OutputFile file(folder / "out.tsv");
  EXPECT_THAT(entries(folder), IsEmpty());
  file.create();
  file.write(std::string("half"));
  ASSERT_EQ(entries(folder).size(), 1u);
  EXPECT_THAT(entries(folder)[0], testing::MatchesRegex(R"(\.out\.tsv\.......\.part)"));
  file.commit();
  EXPECT_THAT(entries(folder), ElementsAre("out.tsv"));
  EXPECT_EQ(content(folder / "out.tsv"), "half");
}

TEST(OutputFile, LeavesAnExistingFileUntouchedWhenItIsAbandoned) {
  const Scratch folder;
  put(folder / "out.tsv", "old");
  {
    OutputFile file(folder / "out.tsv");
    file.create();
    file.write(std::string("new"));
    EXPECT_EQ(content(folder / "out.tsv"), "old");
  }
  EXPECT_EQ(content(folder / "out.tsv"), "old");
  EXPECT_THAT(entries(folder), ElementsAre("out.tsv"));
}

TEST(OutputFile, HonoursTheUmaskAndKeepsTheModeOfAReplacedFile) {
  const Scratch folder;
  const mode_t before = umask(027);
  write_file(folder / "new.tsv", "x");
  put(folder / "old.tsv", "old");
  chmod((folder / "old.tsv").c_str(), 0604);
  write_file(folder / "old.tsv", "x");
  umask(before);
  EXPECT_EQ(mode_of(folder / "new.tsv"), mode_t{0640});
  EXPECT_EQ(mode_of(folder / "old.tsv"), mode_t{0604});
}

TEST(OutputFile, FollowsLinksSoThatTheLinkStaysAndItsTargetIsReplaced) {
  const Scratch folder;
  std::filesystem::create_directory(folder / "deep");
  put(folder / "deep/target.tsv", "old");
  std::filesystem::create_symlink("deep/target.tsv", folder / "link.tsv");
  std::filesystem::create_symlink("deep/absent.tsv", folder / "dangling.tsv");
  write_file(folder / "link.tsv", "new");
  write_file(folder / "dangling.tsv", "made");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.tsv"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "dangling.tsv"));
  EXPECT_EQ(content(folder / "deep/target.tsv"), "new");
  EXPECT_EQ(content(folder / "deep/absent.tsv"), "made");
  EXPECT_THAT(entries(folder / "deep"), ElementsAre("absent.tsv", "target.tsv"));
}

TEST(OutputFile, RefusesLinksThatLeadInACircle) {
  const Scratch folder;
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  const Error error = error_of([&] { OutputFile file(folder / "a"); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_THAT(error.what(), HasSubstr("loop"));
}

TEST(OutputFile, NamesTheMissingFolderBeforeAnyWork) {
  const Scratch folder;
  const Error error = error_of([&] { OutputFile file(folder / "absent/out.tsv"); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_EQ(std::string(error.what()),
            (folder / "absent/out.tsv") + ": directory '" + (folder / "absent") +
                "' does not exist. Create it (mkdir -p), or choose another.");
}

TEST(OutputFile, RefusesAFolder) {
  const Scratch folder;
  const Error error = error_of([&] { OutputFile file(folder / "."); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_THAT(error.what(), HasSubstr("is a directory"));
}

TEST(OutputFile, RefusesAFolderThatIsClosedToTheUser) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Scratch folder;
  std::filesystem::create_directory(folder / "closed");
  chmod((folder / "closed").c_str(), 0555);
  const Error error = error_of([&] { OutputFile file(folder / "closed/out.tsv"); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_THAT(error.what(), HasSubstr("Permission denied"));
}

TEST(OutputFile, LeavesDevNullADevice) {
  write_file("/dev/null", "text");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(OutputFile, ReportsAFullDeviceWithTheSystemsReason) {
  const Error error = error_of([] { write_file("/dev/full", "text"); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_THAT(error.what(), HasSubstr("/dev/full: cannot be written: No space left on device"));
}

TEST(OutputFile, ReportsAFileThatMayNotGrowAndLeavesNothing) {
  const Scratch folder;
  const test::FileSizeLimit limit(1 << 16);
  const Error error = error_of([&] { write_file(folder / "out.tsv", std::string(1 << 20, 'x')); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
  EXPECT_THAT(error.what(), HasSubstr("File too large"));
  EXPECT_THAT(entries(folder), IsEmpty());
}

TEST(OutputFile, ThrowsBrokenPipeWhenTheReaderHasGone) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  OutputFile file("/dev/fd/" + std::to_string(ends[1]));
  EXPECT_TRUE(file.is_direct());
  file.create();
  EXPECT_THROW(file.write(std::string("text")), BrokenPipe);
  close(ends[1]);
}

TEST(OutputFile, WritesAllOfALongTextToASlowNonBlockingPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_NONBLOCK), 0);
  fcntl(ends[0], F_SETFL, 0);
  std::string got;
  std::thread reader([&] {
    std::vector<char> buffer(1000);
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
      got.append(buffer.data(), static_cast<std::size_t>(n));
    }
  });
  const std::string text(300000, 'y');
  write_file("/proc/self/fd/" + std::to_string(ends[1]), text);
  close(ends[1]);
  reader.join();
  close(ends[0]);
  EXPECT_EQ(got, text);
}

TEST(OutputFile, WritesThroughADescriptorOfARegularFileWithoutReplacingIt) {
  const Scratch folder;
  const int fd = open((folder / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(write(fd, "before ", 7), 7);
  write_file("/dev/fd/" + std::to_string(fd), "after");
  close(fd);
  EXPECT_EQ(content(folder / "log"), "before after");
}

TEST(OutputFile, RefusesADescriptorThatIsNotOpen) {
  const Error error = error_of([] { OutputFile file("/dev/fd/987"); });
  EXPECT_EQ(error.code(), ExitCode::not_written);
}

TEST(OutputFile, WritesIntoAFifoAndLeavesItAFifo) {
  const Scratch folder;
  const std::string fifo = folder / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = content(fifo); });
  write_file(fifo, "through");
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

TEST(OutputFile, IsRemovedByTheSignalHandlersFunction) {
  const Scratch folder;
  put(folder / "kept.tsv", "old");
  OutputFile file(folder / "out.tsv");
  file.create();
  remove_unfinished_outputs();
  EXPECT_THAT(entries(folder), ElementsAre("kept.tsv"));
}

TEST(OutputFile, TakesNamesAsLongAsTheFileSystemDoes) {
  const Scratch folder;
  const std::string name(255, 'n');
  write_file(folder / name, "x");
  EXPECT_THAT(entries(folder), ElementsAre(name));
}

TEST(SameFile, SeesThroughLinksAndOtherNames) {
  const Scratch folder;
  put(folder / "a", "x");
  put(folder / "b", "x");
  std::filesystem::create_hard_link(folder / "a", folder / "hard");
  std::filesystem::create_symlink("a", folder / "soft");
  EXPECT_TRUE(same_file(folder / "a", folder / "./soft"));
  EXPECT_TRUE(same_file(folder / "a", folder / "hard"));
  EXPECT_FALSE(same_file(folder / "a", folder / "b"));
  EXPECT_FALSE(same_file(folder / "absent", folder / "absent"));
}

}  // namespace
}  // namespace sicmir
