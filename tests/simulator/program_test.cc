// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-sim itself, run as a user runs it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "larder/eviction.h"

namespace larder::simulator {
namespace {

struct Outcome {
  int status = -1;
  std::string output;  // with what it said on stderr
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-sim-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::string keys;
    std::string rows = "time,key,size\n";
    for (int i = 0; i < 3'000; ++i) {
      const std::string key = "k" + std::to_string(i % 3 == 0 ? i : i * i % 70);
      keys += key + "\n";
      rows += std::to_string(i) + "," + key + "," + std::to_string(10 + key.size() * 10) + "\n";
    }
    keys_ = write("keys.txt", keys);
    rows_ = write("rows.csv", rows);
  }
  ~ProgramTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string write(const std::string& name, const std::string& bytes) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }
  // By a shell: `arguments` may redirect.
  static Outcome run(const std::string& arguments) {
    Outcome outcome;
    FILE* pipe = popen((std::string(LARDER_SIM) + " " + arguments + " 2>&1").c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::array<char, 4'096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
      outcome.output.append(buffer.data(), got);
    const int status = pclose(pipe);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }

  std::filesystem::path folder_;
  std::string keys_;
  std::string rows_;
};

std::vector<std::vector<std::string>> cells(const std::string& tsv) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream in(tsv);
  for (std::string line; std::getline(in, line);) {
    lines.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) lines.back().push_back(field);
  }
  return lines;
}

TEST_F(ProgramTest, HelpsAndTellsItsVersion) {
  const Outcome help = run("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* word : {"--policy", "--size", "--plot", "belady", "oracleGeneral", "Exit status"}) {
    EXPECT_NE(help.output.find(word), std::string::npos) << word;
  }
  std::istringstream lines(help.output);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120u) << line;
  EXPECT_EQ(run("--version").output.substr(0, 11), "larder-sim ");
}

TEST_F(ProgramTest, WritesTabSeparatedValues) {
  const Outcome outcome = run("--format tsv --policy lru,belady --size 10,50% " + keys_ + " " + rows_);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  const auto lines = cells(outcome.output);
  ASSERT_EQ(lines.size(), 9u) << outcome.output;
  EXPECT_EQ(lines[0], (std::vector<std::string>{"trace", "size", "policy", "requests", "miss_ratio", "byte_miss_ratio"}));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), 6u);
    EXPECT_EQ(lines[i][0], i < 5 ? keys_ : rows_);
    EXPECT_EQ(lines[i][2], i % 2 == 1 ? "lru" : "belady");
    EXPECT_EQ(lines[i][3], "3000");
    EXPECT_GT(std::stod(lines[i][4]), 0);
    EXPECT_LT(std::stod(lines[i][4]), 1);
    EXPECT_EQ(lines[i][5] == "-", i < 5);
    if (i % 2 == 0) {
      EXPECT_LE(lines[i][4], lines[i - 1][4]);
    }
  }
  EXPECT_EQ(lines[1][1], "10");
  EXPECT_EQ(lines[7][1].back(), 'B');
  // What is printed as a size is a size.
  EXPECT_EQ(cells(run("--format tsv --policy lru,belady --size " + lines[7][1] + " " + rows_).output)[1], lines[7]);
}

TEST_F(ProgramTest, ReadsStandardInputAndPackedFiles) {
  const std::string wanted = run("--format tsv - < " + keys_).output;
  EXPECT_EQ(cells(wanted).size(), 9u);
  EXPECT_EQ(run("--format tsv - < " + keys_ + " --jobs 1").output, wanted);
  ASSERT_EQ(std::system(("gzip -k " + keys_).c_str()), 0);
  EXPECT_EQ(run("--format tsv - < " + keys_ + ".gz").output, wanted);
}

TEST_F(ProgramTest, SaysHowPipedRecordsAreRead) {
  const std::string file = write("records", std::string(72, '\1') + std::string(24, '\0'));
  const Outcome wrong = run("- < " + file);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.output.find("say --input-format oracle-general"), std::string::npos) << wrong.output;
  EXPECT_EQ(run("--size 1 --input-format oracle-general - < " + file).status, 0);
}

TEST_F(ProgramTest, SeveralJobsPrintWhatOneDoes) {
  const std::string arguments = "--format tsv --policy lru,s3-fifo,random,lfu,belady-size --size 1%..90% " + rows_;
  EXPECT_EQ(run("--jobs 1 " + arguments).output, run("--jobs 7 " + arguments).output);
}

// Brackets and quotes of JSON close; enough to find what was left open.
bool is_balanced(const std::string& json) {
  std::string open;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      continue;
    }
    if (c == '"') in_text = true;
    if (c == '{' || c == '[') open += c;
    if (c == '}' || c == ']') {
      if (open.empty() || (open.back() == '{') != (c == '}')) return false;
      open.pop_back();
    }
  }
  return open.empty() && !in_text;
}

TEST_F(ProgramTest, WritesJson) {
  const std::string odd = write("a\"b\\c\td.csv", read(rows_));
  const Outcome outcome = run("--format json --policy lru --size 1%..50%,10 '" + odd + "' " + keys_);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(is_balanced(outcome.output)) << outcome.output;
  for (const char* word :
       {"\\\"b\\\\c\\u0009d.csv", "\"unit\": \"bytes\"", "\"unit\": \"objects\"", "\"byte_miss_ratio\": null",
        "\"one_pass\": true", "\"requests\": 3000", "\"requests_per_second\": "}) {
    EXPECT_NE(outcome.output.find(word), std::string::npos) << word;
  }
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(ProgramTest, DrawsAPlot) {
  const std::string svg_path = (folder_ / "plot.svg").string();
  const std::string odd = write("a<b&c.txt", read(keys_));
  const Outcome outcome =
      run("--policy lru,s3-fifo:ghost=1,belady --size 1%..90% --plot " + svg_path + " '" + odd + "' " + rows_);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  const std::string svg = read(svg_path);
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg;
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(std::count(svg.begin(), svg.end(), '<'), std::count(svg.begin(), svg.end(), '>'));
  for (const char* word : {"cache size (objects, log scale)", "cache size (bytes, log scale)",
                           "miss ratio (% of requests)", "a&lt;b&amp;c.txt", "s3-fifo:ghost=1", "polyline"}) {
    EXPECT_NE(svg.find(word), std::string::npos) << word;
  }
  for (const char* word : {"nan", "inf"}) EXPECT_EQ(svg.find(word), std::string::npos) << word;
  // Keys have no sizes; rows have, and a panel of bytes for them.
  EXPECT_EQ(occurrences(svg, ">a&lt;b&amp;c.txt<"), 1u);
  EXPECT_EQ(occurrences(svg, ">rows.csv<"), 2u);
  EXPECT_EQ(occurrences(svg, ">byte miss ratio (% of bytes)<"), 1u);
}

TEST_F(ProgramTest, PanelsOfFilesWithOneNameSayTheirFolders) {
  std::filesystem::create_directory(folder_ / "other");
  const std::string other = write("other/keys.txt", read(keys_));
  const std::string svg_path = (folder_ / "plot.svg").string();
  const std::string files = keys_ + " " + other + " " + rows_;
  ASSERT_EQ(run("--policy lru --size 1%..90% --plot " + svg_path + " " + files).status, 0);
  const std::string svg = read(svg_path);
  for (const std::string& title : {keys_, other}) EXPECT_EQ(occurrences(svg, ">" + title + "<"), 1u) << svg;
  EXPECT_EQ(occurrences(svg, ">rows.csv<"), 2u);
}

TEST_F(ProgramTest, TellsSizesApartThatRoundToTheSame) {
  const std::string output = run("--policy lru --size 278854B,272KiB,2MiB " + rows_).output;
  for (const char* label : {" 278,854 B ", " 278,528 B ", " 2 MiB "}) {
    EXPECT_NE(output.find(label), std::string::npos) << output;
  }
  const std::string svg_path = (folder_ / "plot.svg").string();
  ASSERT_EQ(run("--policy lru --size 278854B,272KiB --plot " + svg_path + " " + rows_).status, 0);
  EXPECT_NE(read(svg_path).find(">278,854 B<"), std::string::npos);
}

// Ops make it other than the requests.
TEST_F(ProgramTest, CountsGetsBesideRequests) {
  const std::string ops = write("ops.csv", "key,op\na,get\na,set\nb,delete\na,get\n");
  const std::string json = run("--format json --policy lru --size 1 " + ops).output;
  EXPECT_NE(json.find("\"operations\": 4, \"objects\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"requests\": 2, \"misses\": 1"), std::string::npos) << json;
  EXPECT_EQ(occurrences(json, "\"operations\""), 1u);
}

TEST_F(ProgramTest, APlotHasSizesOfItsOwn) {
  const std::string svg_path = (folder_ / "plot.svg").string();
  const Outcome outcome = run("--format tsv --policy lru --plot " + svg_path + " " + keys_);
  EXPECT_GT(cells(outcome.output).size(), 8u) << outcome.output;
  EXPECT_EQ(cells(run("--format tsv --policy lru " + keys_).output).size(), 3u);
}

TEST_F(ProgramTest, CurvesDifferWithoutTheirColours) {
  const std::string svg_path = (folder_ / "plot.svg").string();
  std::string policies = "belady,belady-size";
  for (const std::string_view name : Eviction::names()) policies += "," + std::string(name);
  for (const char* window : {"0.1", "0.3", "0.5", "0.7", "0.9"}) policies += ",w-tinylfu:window=" + std::string(window);
  ASSERT_EQ(run("--policy " + policies + " --size 10,20 --plot " + svg_path + " " + keys_).status, 0);
  std::istringstream lines(read(svg_path));
  std::set<std::string> styles;
  std::size_t curves = 0;
  std::string limit;
  for (std::string group, line, marker; std::getline(lines, group);) {
    if (!group.starts_with("<g ") || !std::getline(lines, line) || !line.starts_with("<polyline")) continue;
    std::getline(lines, marker);
    if (curves++ == 0) limit = group;
    // The kind of the line; what the marker encloses; its shape, which follows the point it stands at.
    const std::string shape = marker.substr(marker.find("d='M"));
    styles.insert(line.substr(0, line.find("points")) + marker.substr(0, marker.find("d='")) +
                  shape.substr(shape.find('m')));
  }
  EXPECT_EQ(curves, Eviction::names().size() + 7);
  EXPECT_EQ(styles.size(), curves);
  EXPECT_NE(limit.find("#808080"), std::string::npos) << limit;
}

TEST_F(ProgramTest, APlotReplacesNoTraceAndNothingIsLeftOfOneThatWasNotDrawn) {
  const std::string before = read(keys_);
  EXPECT_EQ(run("--size 20,40 --plot " + keys_ + " " + rows_ + " " + keys_).status, 2);
  EXPECT_EQ(read(keys_), before);
  const std::string plot = (folder_ / "none.svg").string();
  EXPECT_EQ(run("--size 20,40 --plot " + plot + " " + keys_ + ".absent").status, 2);
  EXPECT_FALSE(std::filesystem::exists(plot));
}

TEST_F(ProgramTest, RemarksWhatMayNotBeMeant) {
  for (const std::string& file : {keys_, rows_}) {
    EXPECT_NE(run("--size 20% --sample 0.1 " + file).output.find("fewer than 100 objects"), std::string::npos);
    EXPECT_EQ(run("--size 20% --sample 0.9 " + file).output.find("fewer than"), std::string::npos);
  }
}

TEST_F(ProgramTest, SaysWhatIsWrongInALineAndExitsWith2) {
  const std::string bad = write("bad.csv", "key,size\na,1\nb,many\n");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no trace"},
      {"--frob " + keys_, "there is no option --frob"},
      {"--policy what " + keys_, "no policy \"what\""},
      {"--size lots " + keys_, "lots is no size"},
      {"--size", "wants a value behind it"},
      {"--size 64M " + keys_, "64MiB (bytes: B, KB"},
      {"--policy s3-fifo:promote=1.5 " + keys_, "promote=2 (1 to 3, whole)"},
      {"--policy redis-lfu:minute=1e6 " + keys_, "minute=60000 (1 to 1000000000, whole)"},
      {"--sample 2 " + keys_, "wanted is a share"},
      {"--sample 1e-1 " + keys_, "wanted is a share"},
      {"--sample ' 0.1' " + keys_, "wanted is a share"},
      {"--sample 0x1p-3 " + keys_, "wanted is a share"},
      {"--jobs 0 " + keys_, "from 1 to 256"},
      {"--jobs 2.0 " + keys_, "wanted is a whole number from 1 to 256, in digits"},
      {"--requests 10k " + keys_, "wanted is a whole number from 1 to 2147483647"},
      {"--seed -1 " + keys_, "wanted is a whole number from 0 to"},
      {"--format xml " + keys_, "wanted is table, tsv or json"},
      {"--input-format zip " + keys_, "wanted is ltrc"},
      {"--unit-sizes=1 " + keys_, "takes no value"},
      {"--size 1MiB " + keys_, "no cache in bytes (1048576B), as the trace has no sizes"},
      {"--size 10 --plot " + (folder_ / "p.svg").string() + " " + keys_, "two sizes at least"},
      {"--size 10,1MB --plot " + (folder_ / "p.svg").string() + " " + rows_, "one axis"},
      {"--size 10,20 --plot " + (folder_ / "no/p.svg").string() + " " + keys_,
       "no/p.svg: cannot be written: No such file"},
      {"--size 10,20 --plot " + folder_.string() + " " + keys_, "cannot be written: Is a directory"},
      {"--size 10,20 --plot " + (folder_ / "p.svg/").string() + " " + keys_ + "", "cannot be written: "},
      {"--sample 0.001 --size 1 " + keys_, "a sample too small"},
      {(folder_ / "absent").string(), "cannot be opened: No such file"},
      {folder_.string(), "is a directory"},
      {bad, "bad.csv: line 3 has a size"},
      {"--size 5 " + write("unnamed.csv", "1,a,3\n2,a,3\n"),
       "unnamed.csv: has no column of keys: the first line has \"1\""},
      {write("sets.csv", "key,op\na,set\n"), "sets.csv: has no get, and nothing else is counted"},
      {"- - < " + keys_, "standard input can be read only once"}};
  for (const auto& [arguments, part] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_TRUE(outcome.output.starts_with("larder-sim: ")) << arguments << ": " << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << arguments << ": " << outcome.output;
  }
}

TEST_F(ProgramTest, ShowsTheOtherSizesIfOneIsImpossible) {
  const std::string common = "--format tsv --policy lru --size 1MiB,5,900,2GB --sample 0.01 " + keys_;
  const Outcome outcome = run(common);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.output.find("left out: no cache in bytes (1048576B, 2000000000B)"), std::string::npos);
  EXPECT_NE(outcome.output.find("; a sample too small for a cache of 5: "), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find(keys_ + "\t900\tlru\t"), std::string::npos) << outcome.output;
  EXPECT_EQ(occurrences(outcome.output, "\tlru\t"), 1u);
}

TEST_F(ProgramTest, ShowsTheOthersIfOneFileIsWrong) {
  const Outcome outcome = run("--format tsv " + (folder_ / "absent").string() + " " + keys_);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.output.find("cannot be opened"), std::string::npos);
  EXPECT_NE(outcome.output.find(keys_ + "\t"), std::string::npos);
}

}  // namespace
}  // namespace larder::simulator
