// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/claim.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "sicmir/error.hpp"
#include "support/scratch.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;
using test::put;
using test::Scratch;
using testing::HasSubstr;

ExitCode code_of(const std::function<void()>& work, std::string& what) {
  try {
    work();
  } catch (const Error& error) {
    what = error.what();
    return error.code();
  }
  return ExitCode::done;
}

TEST(SetId, IsOfFewCharacters) {
  for (const char* id : {"a", "0", "liver-2024.v1_b"}) EXPECT_TRUE(is_set_id(id)) << id;
  EXPECT_TRUE(is_set_id(std::string(64, 'a')));
  EXPECT_FALSE(is_set_id(std::string(65, 'a')));
  for (const char* id : {"", ".a", "-a", "_a", "A", "a b", "a/b", "..", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_set_id(id)) << id;
  }
}

TEST(Claim, IsMadeButOnce) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  std::string what;
  {
    const Claim claim(folder, "liver", false);
    EXPECT_TRUE(fs::is_directory(claim.work()));
    EXPECT_EQ(code_of([&] { const Claim other(folder, "liver", false); }, what), ExitCode::usage);
    EXPECT_THAT(what, HasSubstr("process " + std::to_string(getpid())));
    try {
      const Claim other(folder, "liver", false);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_THAT(error.remedies(), testing::ElementsAre(Remedy::take_over));
    }
    // The process is alive: --resume does not take the claim from it.
    EXPECT_EQ(code_of([&] { const Claim other(folder, "liver", true); }, what), ExitCode::usage);
    EXPECT_THAT(what, HasSubstr("which is alive"));
    const Claim another(folder, "lung", false);
  }
  EXPECT_TRUE(fs::is_empty(folder.claims())) << "given back";
}

TEST(Claim, OfAProcessThatEndedIsTakenOverWhenAsked) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  const pid_t child = fork();
  if (child == 0) {
    new Claim(folder, "liver", false);  // killed before it gives it back
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::string what;
  EXPECT_EQ(code_of([&] { const Claim claim(folder, "liver", false); }, what), ExitCode::usage);
  put(folder.claims() / "liver" / "set" / "half.h5", "half");
  const Claim claim(folder, "liver", true);
  EXPECT_TRUE(fs::is_empty(claim.work())) << "what was left is thrown away";
  EXPECT_EQ(owner_of(folder.claims() / "liver").pid, getpid());
}

TEST(Claim, DeletesWhatAProcessTookOverAndLeft) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  put(folder.claims() / ".stale-liver-elsewhere-7" / "owner.json", "{}");
  { const Claim claim(folder, "liver", false); }
  EXPECT_TRUE(fs::is_empty(folder.claims())) << "it was killed before it could";
}

TEST(Claim, OfAProcessThatNobodyWaitedForIsTakenOver) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  const pid_t child = fork();
  if (child == 0) {
    new Claim(folder, "liver", false);
    _exit(0);
  }
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // a zombie from here on
  { const Claim claim(folder, "liver", true); }
  int status = 0;
  waitpid(child, &status, 0);
}

TEST(Claim, WithoutAnOwnerIsTakenOverWhenAsked) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  fs::create_directories(folder.claims() / "liver");
  std::string what;
  EXPECT_EQ(code_of([&] { const Claim claim(folder, "liver", false); }, what), ExitCode::usage);
  EXPECT_THAT(what, HasSubstr("has not said which"));
  const Claim claim(folder, "liver", true);
}

TEST(Claim, ThatWasTakenOverPublishesNothing) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  Claim claim(folder, "liver", false);
  // Another host took it over.
  put(folder.claims() / "liver" / "owner.json", R"({"host":"other","pid":1,"started":"1"})");
  std::string what;
  EXPECT_EQ(code_of([&] { claim.publish(folder.set("liver")); }, what), ExitCode::usage);
  EXPECT_THAT(what, HasSubstr("taken over"));
  EXPECT_FALSE(fs::exists(folder.set("liver")));
}

TEST(Claim, PublishesWhereNothingIsYet) {
  const Scratch scratch;
  const AtlasFolder folder(scratch / "A");
  std::string what;
  Claim claim(folder, "liver", false);
  put(claim.work() / "x", "1");
  fs::create_directories(folder.set("liver") / "there");
  EXPECT_EQ(code_of([&] { claim.publish(folder.set("liver")); }, what), ExitCode::usage);
  EXPECT_THAT(what, HasSubstr("is there already"));
  fs::remove_all(folder.set("liver"));
  claim.publish(folder.set("liver"));
  EXPECT_TRUE(fs::exists(folder.set("liver") / "x"));
}

}  // namespace
}  // namespace sicmir::atlas
