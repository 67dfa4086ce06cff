// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The same commands over the wire, to an endpoint and to a real redis-server, in RESP2 and in RESP3: those of the
// random generator, and command lines put together from words, most of which make no sense and must be refused in the
// same words.
//
// What is left out, beside what differential_test.cc leaves out: docs/endpoint.md, "What differs".
#include <gtest/gtest.h>

#include <random>

#include "differential/collection_lines.h"
#include "differential/redis_comparison.h"
#include "differential/wire_comparison.h"
#include "endpoint/command_table.h"
#include "model/command_generator.h"
#include "support/depth.h"
#include "support/is_well.h"

namespace larder::differential {
namespace {

class Wire : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { ASSERT_EQ(comparison_.failure(), ""); }
  template <typename Make>
  void compare_many(std::uint64_t sequences, Make&& make) {
    const std::uint64_t first = support::seed(1);
    if (support::seed_is_given()) sequences = 1;
    for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
      const std::string wrong = compare_and_explain(comparison_, make(seed));
      ASSERT_TRUE(support::is_well(wrong)) << support::how_to_repeat(seed);
    }
  }
  WireComparison comparison_{GetParam()};
};

TEST_P(Wire, TheGeneratorsCommands) {
  compare_many(support::count(30, 1'000), [](std::uint64_t seed) {
    model::RandomChoices choices(seed);
    model::CommandGenerator generator(choices, {.keys = 8, .redis_too = true, .now_ms = unix_now_ms()});
    std::vector<Words> lines;
    for (const model::Command& command : generator.sequence(1'000)) {
      const bool larders_own =
          command.verb == model::Verb::kGetVersioned || command.verb == model::Verb::kCompareAndSet;
      if (!larders_own) lines.push_back(words_of(command));
    }
    return lines;
  });
}

using MakeLine = Words (*)(LineChoices&);

// Mostly of one family, so that its keys grow.
std::vector<Words> lines_of(MakeLine make, std::uint64_t seed) {
  LineChoices choices(seed);
  std::vector<Words> lines;
  for (int i = 0; i < 1'000; ++i) lines.push_back(choices.one_in(25) ? key_line(choices) : make(choices));
  return lines;
}

TEST_P(Wire, Hashes) {
  compare_many(support::count(20, 400), [](std::uint64_t seed) { return lines_of(hash_line, seed); });
}

TEST_P(Wire, Sets) {
  compare_many(support::count(20, 400), [](std::uint64_t seed) { return lines_of(set_line, seed); });
}

TEST_P(Wire, Lists) {
  compare_many(support::count(20, 400), [](std::uint64_t seed) { return lines_of(list_line, seed); });
}

TEST_P(Wire, SortedSets) {
  compare_many(support::count(20, 400), [](std::uint64_t seed) { return lines_of(sorted_set_line, seed); });
}

// Collections of one type in a sequence, for the most part, so that they meet.
TEST_P(Wire, OneFromOthers) {
  compare_many(support::count(30, 600), [](std::uint64_t seed) {
    constexpr MakeLine kFamilies[] = {set_line, list_line, sorted_set_line};
    const MakeLine family = kFamilies[seed % 3];
    LineChoices choices(seed);
    std::vector<Words> lines;
    for (int i = 0; i < 1'000; ++i) {
      lines.push_back(choices.one_in(3)    ? move_line(choices)
                      : choices.one_in(40) ? key_line(choices)
                                           : family(choices));
    }
    return lines;
  });
}

TEST_P(Wire, Transactions) {
  compare_many(support::count(40, 800), [](std::uint64_t seed) {
    LineChoices choices(seed);
    std::vector<Words> lines;
    for (int i = 0; i < 1'000; ++i) lines.push_back(transaction_line(choices));
    // What is left over runs.
    lines.push_back({"EXEC"});
    return lines;
  });
}

TEST_P(Wire, NamesThatAreNone) {
  const std::string odd("a\0b\r\n'\xff", 7);
  const std::vector<Words> lines = {{odd},
                                    {odd, odd, odd},
                                    {"CONFIG", odd},
                                    {"CLIENT", odd, odd},
                                    {"OBJECT", ""},
                                    {std::string(200, 'n')},
                                    {"nosuch", std::string(200, 'a'), "b"},
                                    {"nosuch", "a", std::string(200, 'b')}};
  for (const Words& line : lines) EXPECT_EQ(comparison_.step(line), "");
}

// --- Lines that make no sense ---------------------------------------------------------------------------------------

class LineMaker {
 public:
  explicit LineMaker(std::uint64_t seed) : random_(seed) {
    for (const auto& place : endpoint::CommandTable::instance().commands()) {
      using endpoint::Group;
      const Group group = place.command->group;
      const bool compared = group != Group::kConnection && group != Group::kServer && group != Group::kTransactions;
      const bool waits = place.command->has(endpoint::kBlocks);  // blocking_wire_test.cc
      if (compared && !waits && place.subcommands.empty()) commands_.push_back(place.command);
    }
  }

  Words next() {
    const endpoint::Command& command = *commands_[below(commands_.size())];
    Words words{std::string(command.name)};
    const auto least = static_cast<std::size_t>(std::abs(command.arity));
    std::size_t size = least + (command.arity < 0 ? below(6) : 0);
    if (one_in(20)) size = below(8) + 1;
    while (words.size() < size) words.push_back(word(command, words.size()));
    if (command.name == "scan") words.resize(std::min<std::size_t>(words.size(), 6));
    return words;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  // A word that stands in upper case in the command's syntax.
  std::string option(const endpoint::Command& command) {
    std::vector<std::string> options;
    std::string one;
    for (const char c : std::string(command.syntax) + " ") {
      if ((c >= 'A' && c <= 'Z') || (c == '0' && one == "DB ")) {
        one += c;
      } else {
        if (one.size() > 1) options.push_back(one);
        one.clear();
      }
    }
    return options.empty() ? "NX" : options[below(options.size())];
  }
  std::string number(const endpoint::Command& command) {
    // Nothing that ends while this runs, and nothing beyond 4,000 years.
    static const char* const kTimes[] = {"0", "-1", "100000000", "4102444800", "-9223372036854775808"};
    static const char* const kNumbers[] = {"0", "1", "7", "-1", "-3", "100", "#2", "9223372036854775807", "4294967296"};
    static const char* const kWords[] = {"abc", "", " 1", "01", "+1", "1.5", "-0", "9223372036854775808", "u8", "i64"};
    if (command.name == "pexpireat" && one_in(4)) return "4102444800000";
    if (one_in(4)) return kWords[below(std::size(kWords))];
    const bool has_time = command.name.find("ex") != std::string_view::npos || command.name.starts_with("set") ||
                          command.name.find("pire") != std::string_view::npos;
    if (has_time && command.name != "setbit" && command.name != "setrange") return kTimes[below(std::size(kTimes))];
    return kNumbers[below(std::size(kNumbers))];
  }
  std::string word(const endpoint::Command& command, std::size_t at) {
    // Cursors say nothing to another server.
    if (command.name.ends_with("scan") && at == (command.keys.first == 0 ? 1u : 2u)) return one_in(4) ? "abc" : "0";
    if (command.name == "keys") return one_in(2) ? "*" : "k[1-3]";
    const bool is_key = command.keys.first != 0 && static_cast<int>(at) >= command.keys.first &&
                        (command.keys.last < 0 || static_cast<int>(at) <= command.keys.last);
    if (is_key && !one_in(10)) return "k" + std::to_string(below(5));
    if (one_in(3)) return option(command);
    if (one_in(6)) return std::string("bin\0\r\n\xff", 7);
    return number(command);
  }

  std::mt19937_64 random_;
  std::vector<const endpoint::Command*> commands_;
};

TEST_P(Wire, LinesThatMakeNoSense) {
  compare_many(support::count(30, 1'000), [](std::uint64_t seed) {
    LineMaker maker(seed);
    std::vector<Words> lines;
    for (int i = 0; i < 1'000; ++i) lines.push_back(maker.next());
    return lines;
  });
}

// What clients send when they come, and what is wrong with it.
constexpr std::string_view kConnectionLines = R"(
PING; PING a; PING a b; ECHO; ECHO a; SELECT 0; SELECT 1; SELECT a; SELECT -1; AUTH; AUTH a; AUTH a b;
AUTH default b; AUTH a b c; HELLO a; HELLO 4; HELLO 2 AUTH; HELLO 2 SETNAME; HELLO 3 FOO; CLIENT; CLIENT FOO;
CLIENT SETNAME; CLIENT GETNAME; CLIENT GETREDIR; CLIENT TRACKINGINFO; CLIENT CACHING YES; CLIENT CACHING a;
CLIENT NO-EVICT a; CLIENT NO-EVICT on; CLIENT NO-EVICT off; CLIENT REPLY a; CLIENT KILL; CLIENT KILL 1.2.3.4:5;
CLIENT KILL ID 0; CLIENT KILL ID a; CLIENT KILL ID 99999; CLIENT KILL TYPE a; CLIENT KILL TYPE master;
CLIENT KILL SKIPME a; CLIENT KILL a b; CLIENT KILL USER a; CLIENT UNBLOCK; CLIENT UNBLOCK a;
CLIENT UNBLOCK 99999; CLIENT UNBLOCK 99999 a; CLIENT LIST TYPE a; CLIENT LIST ID a; CLIENT LIST a; COMMAND FOO;
COMMAND COUNT a; COMMAND GETKEYS; COMMAND GETKEYS GET k; COMMAND GETKEYS MSET a 1 b 2; COMMAND GETKEYS PING a;
COMMAND GETKEYS FOO a; COMMAND GETKEYS GET k l; COMMAND INFO FOO; COMMAND DOCS FOO; COMMAND LIST FILTERBY a b;
COMMAND LIST FILTERBY MODULE a; CONFIG; CONFIG GET; CONFIG GET nothing-like-it; CONFIG SET; CONFIG SET a b;
CONFIG SET maxmemory; CONFIG SET maxmemory a; CONFIG SET maxmemory 1x; CONFIG SET maxmemory 0 maxmemory 0;
CONFIG REWRITE; CONFIG RESETSTAT a; CONFIG GET save; CONFIG SET save a_b;
CONFIG SET hash-max-listpack-entries a; CONFIG SET hash-max-listpack-entries 128; FLUSHALL a; FLUSHDB a b;
FLUSHALL ASYNC; FLUSHDB SYNC; SWAPDB 0 1; MOVE k 1; TIME a; DBSIZE a; MEMORY USAGE nothing;
MEMORY USAGE k SAMPLES; MEMORY USAGE k SAMPLES a; MEMORY USAGE k SAMPLES -1; MEMORY FOO;
OBJECT ENCODING nothing; OBJECT FREQ nothing; OBJECT IDLETIME nothing; OBJECT REFCOUNT nothing; OBJECT FOO;
OBJECT ENCODING; SLOWLOG GET a; SLOWLOG GET -2; SLOWLOG GET 1 2; SLOWLOG FOO; SLOWLOG RESET; SLOWLOG LEN;
LATENCY LATEST; LATENCY RESET; LATENCY HISTORY a; FUNCTION FLUSH; FUNCTION FLUSH a; FUNCTION LIST;
SCRIPT EXISTS a b; SCRIPT FLUSH; SCRIPT FLUSH a; ACL WHOAMI; MODULE LIST; ROLE a; LASTSAVE a; FOO; FOO a b;
RESET a; QUIT a b c;
)";

std::vector<Words> split_lines(std::string_view text) {
  std::vector<Words> lines(1);
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != ';' && c != '\n') {
      word += c;
      continue;
    }
    if (!word.empty()) lines.back().push_back(std::exchange(word, {}));
    if (c == ';') lines.emplace_back();
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

TEST_P(Wire, ConnectionCommands) {
  for (const Words& words : split_lines(kConnectionLines)) EXPECT_TRUE(support::is_well(comparison_.step(words)));
}

INSTANTIATE_TEST_SUITE_P(Protocols, Wire, testing::Values(2, 3));

}  // namespace
}  // namespace larder::differential
