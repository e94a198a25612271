// SPDX-License-Identifier: BSD-3-Clause
#include <sys/stat.h>

#include <thread>

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using ::testing::AllOf;
using testing::gzip;
using ::testing::HasSubstr;
using testing::message_of;
using testing::panel_of;
using ::testing::StartsWith;
using testing::TempFolder;
using namespace std::string_literals;

class OpenSource : public ::testing::Test {
 protected:
  std::string error(const std::string& content) {
    const std::string path = folder_.write("input", content);
    std::string message = message_of([&] { (void)open_source(path, {}, index_); });
    EXPECT_THAT(message, StartsWith("3 " + path + ": "));
    return message;
  }
  TempFolder folder_;
  GeneIndex index_{panel_of({"TP53"})};
};

const std::string hdf5 = "\x89HDF\r\n\x1a\n" + std::string(100, '\0');

TEST_F(OpenSource, SaysWhatAnotherKindOfFileIsAndWhatToDo) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "the file is empty"},
      {gzip(""), "the file is empty"},
      {"PK\x03\x04 and so on", "this zip archive cannot be read"},
      {"PK\x05\x06", "an empty zip archive"},
      {"\x89PNG\r\n\x1a\n", "PNG picture"},
      {"X\n\0\0\0\x02"s, "byte 6 of the decompressed R object: the object ends too early"},
      {gzip("RDX3\nX\n"), "this is an R workspace (.RData), compressed with gzip. Save the one"},
      {"\x80\x04\x95 pickle", "pickle"},
      {"BZh91AY&SY", "this bzip2 file cannot be decompressed"},
      {"\xfd"
       "7zXZ\0"s,
       "this xz file cannot be decompressed"},
      {"\x28\xb5\x2f\xfd and so on", "this Zstandard file cannot be decompressed"},
      {"\x04\x22\x4d\x18 and so on", "this LZ4 file cannot be decompressed"},
      {"<!DOCTYPE html>\n<html>", "web page"},
      {"\xff\xfeg\0e\0"s, "UTF-16"},
      {"gene,c1\nTP53,\0\n"s, "byte 13 is zero"},
      {gzip(hdf5), "gzip-compressed HDF5"},
      {std::string(257, 'x') + "ustar", "tar archive"},
      {"\n\n\n", "only blank lines"},
      {gzip("gene,c1\nTP53,1\n").substr(0, 20), "end too early"},
  };
  for (const auto& [content, expected] : cases) EXPECT_THAT(error(content), HasSubstr(expected));
}

TEST_F(OpenSource, NamesAPathThatDoesNotExist) {
  EXPECT_THAT(message_of([&] { (void)open_source("/nonexistent/x.csv", {}, index_); }),
              StartsWith("3 /nonexistent/x.csv: there is no such file"));
}

TEST_F(OpenSource, RefusesHdf5FromAPipe) {
  const std::string path = (folder_.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << hdf5; });
  EXPECT_THAT(message_of([&] { (void)open_source(path, {}, index_); }),
              AllOf(StartsWith("3 "), HasSubstr("cannot be read from a pipe")));
  writer.join();
}

TEST_F(OpenSource, GoesByContentNotByName) {
  EXPECT_EQ(
      open_source(folder_.write("a.h5ad", "gene\tc1\nTP53\t1\n"), {}, index_)->description().format,
      "TSV");
  EXPECT_EQ(open_source(folder_.write("a.tsv", gzip("gene,c1\nTP53,1\n")), {}, index_)
                ->description()
                .format,
            "CSV (gzip)");
}

}  // namespace
}  // namespace sicmir
