// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The demo's command line: one table says what each option is called, what it means and how it is read.
#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "figures.h"
#include "larder/eviction.h"
#include "larder/options.h"

namespace demo {
namespace {

// Each reader sets its field and returns what it would have liked instead, or nothing.
using Wish = std::string;

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// from_chars for double is there in both standard libraries only since GCC 11 and LLVM 20.
bool read_number(std::string_view text, double& number) {
  const std::string copy(text);
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  return !copy.empty() && end == copy.c_str() + copy.size() && std::isfinite(number);
}

template <typename Number>
Wish read_between(std::string_view text, Number& field, Number low, Number high, const char* wish) {
  Number number{};
  if (!read_number(text, number) || number < low || number > high) return wish;
  field = number;
  return {};
}

struct Unit {
  std::string_view name;
  double factor;
};

template <std::size_t N>
bool read_with_unit(std::string_view text, const std::array<Unit, N>& units, double& number) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view name = digits == std::string_view::npos ? std::string_view() : text.substr(digits);
  for (const Unit& unit : units) {
    if (unit.name != name || !read_number(text.substr(0, digits), number)) continue;
    number *= unit.factor;
    return true;
  }
  number = 0;
  return text == "0";
}

bool read_bytes(std::string_view text, std::uint64_t& bytes) {
  constexpr std::array<Unit, 11> kUnits{{{"", 1},
                                         {"B", 1},
                                         {"KiB", 0x1p10},
                                         {"MiB", 0x1p20},
                                         {"GiB", 0x1p30},
                                         {"K", 0x1p10},
                                         {"M", 0x1p20},
                                         {"G", 0x1p30},
                                         {"kB", 1e3},
                                         {"MB", 1e6},
                                         {"GB", 1e9}}};
  double number = 0;
  if (!read_with_unit(text, kUnits, number) || number > 0x1p50) return false;
  bytes = static_cast<std::uint64_t>(number);
  return true;
}

Wish read_memory(Options& options, std::string_view text) {
  std::uint64_t bytes = 0;
  if (!read_bytes(text, bytes) || (bytes != 0 && bytes < larder::kMaxMemoryMin)) {
    return "a size such as 64MiB, at least " + bytes_text(larder::kMaxMemoryMin) + " (or 0: no bound)";
  }
  options.memory = bytes;
  return {};
}

Wish read_value_bytes(Options& options, std::string_view text) {
  std::uint64_t bytes = 0;
  if (!read_bytes(text, bytes) || bytes < 16 || bytes > (1 << 20)) return "a size such as 512 or 4KiB, from 16 to 1MiB";
  options.value_bytes = bytes;
  return {};
}

Wish read_ttl(Options& options, std::string_view text) {
  constexpr std::array<Unit, 4> kUnits{{{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}}};
  double number = 0;
  if (!read_with_unit(text, kUnits, number) || number > 1e12 || (number > 0 && number < 1)) {
    return "a time such as 500ms, 5s, 2min or 1h (or 0: rows do not expire)";
  }
  options.ttl = std::chrono::milliseconds(static_cast<std::int64_t>(number));
  return {};
}

Wish read_policy(Options& options, std::string_view text) {
  if (!larder::Eviction::named(text)) {
    return "adaptive, s3-fifo, lru, lfu, w-tinylfu or another of docs/eviction.md, each with -ttl behind it as well, "
           "or none; Redis's names will do, too";
  }
  options.policy = text;
  return {};
}

Wish read_requests(Options& options, std::string_view text) {
  std::uint64_t number = 0;
  Wish wish = read_between<std::uint64_t>(text, number, 1, 200'000'000, "a whole number from 1 to 200000000");
  if (wish.empty()) options.requests = number;
  return wish;
}

Wish read_path(std::string& field, std::string_view text) {
  if (text.empty()) return "the name of a file";
  field = text;
  return {};
}

Wish read_switch(bool& field) {
  field = true;
  return {};
}

struct Flag {
  std::string_view name;
  std::string_view argument;  // what stands for it in the help; empty: takes none
  std::string_view meaning;   // further lines after '\n'
  Wish (*read)(Options& options, std::string_view text);
};

constexpr auto kFlags = std::to_array<Flag>({
    {"--trace", "FILE", "replay this trace: NAME.ltrc.gz, or plain text with one key a line (gzip or not)",
     [](Options& o, std::string_view text) { return read_path(o.trace, text); }},
    {"--requests", "N", "end after N requests (default: the whole trace; 5000000 without one)", read_requests},
    {"--keys", "N", "without a trace: rows in the database (default 200000)",
     [](Options& o, std::string_view text) {
       return read_between<std::uint64_t>(text, o.keys, 1, 50'000'000, "a whole number from 1 to 50000000");
     }},
    {"--skew", "S", "without a trace: exponent of the Zipf distribution, 0 = all keys alike (default 0.99)",
     [](Options& o, std::string_view text) { return read_between(text, o.skew, 0.0, 5.0, "a number from 0 to 5"); }},
    {"--value-bytes", "SIZE", "bytes of a row (default: the sizes in the trace up to 64KiB, 512 where it has none)",
     read_value_bytes},
    {"--updates", "PERCENT", "share of the requests that change a row (default 5)",
     [](Options& o, std::string_view text) {
       return read_between(text, o.updates_percent, 0.0, 100.0, "a number from 0 to 100, in percent");
     }},
    {"--memory", "SIZE", "the cache's memory bound (default: a tenth of the data that the workload touches)",
     read_memory},
    {"--policy", "NAME",
     "eviction policy: adaptive, s3-fifo, lru, lfu, random, sieve, fifo, w-tinylfu, arc, lirs, gdsf, each also\n"
     "with -ttl behind it (only rows with a time to live are evicted), or none (default adaptive)",
     read_policy},
    {"--ttl", "TIME", "time to live of a cached row, 0 = none (default 1s)", read_ttl},
    {"--threads", "N", "threads that send requests (default 2)",
     [](Options& o, std::string_view text) {
       return read_between<std::uint32_t>(text, o.threads, 1, 256, "a whole number from 1 to 256");
     }},
    {"--seconds", "S", "time for the three runs together, three tenths of it without the cache (default 50)",
     [](Options& o, std::string_view text) {
       return read_between(text, o.seconds, 0.1, 86'400.0, "a number of seconds from 0.1 to 86400");
     }},
    {"--seed", "N", "of all that is random (default 1)",
     [](Options& o, std::string_view text) {
       return read_between<std::uint64_t>(text, o.seed, 0, UINT64_MAX, "a whole number");
     }},
    {"--json", "FILE", "write the figures there, too",
     [](Options& o, std::string_view text) { return read_path(o.json, text); }},
    {"--keep", "", "leave the database where it is, and say where",
     [](Options& o, std::string_view) { return read_switch(o.keep); }},
    {"--break-invalidation", "",
     "diagnosis: leave the invalidation out after each update, to show that the freshness\n"
     "check finds it: answers too old are counted, and the exit status is 1",
     [](Options& o, std::string_view) { return read_switch(o.break_invalidation); }},
    {"--lose-writes", "",
     "diagnosis: the store behind the third run forgets one write in fifty, to show that\n"
     "the comparison of the database finds it; the exit status is 1",
     [](Options& o, std::string_view) { return read_switch(o.lose_writes); }},
    {"--help", "", "print this", [](Options& o, std::string_view) { return read_switch(o.help); }},
});

const Flag* find_flag(std::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string check_together(const Options& options) {
  if (!options.made_workload() && (options.keys != Options().keys || options.skew != Options().skew)) {
    return "--keys and --skew shape the workload that is made; with --trace the file decides. Leave them out, or use "
           "--requests to shorten the trace.";
  }
  if ((options.break_invalidation || options.lose_writes) && options.updates_percent == 0) {
    return "--break-invalidation and --lose-writes show nothing without updates: give --updates more than 0.";
  }
  return {};
}

}  // namespace

std::string parse_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i];
    std::optional<std::string_view> text;
    if (const std::size_t equals = name.find('='); name.starts_with("--") && equals != std::string_view::npos) {
      text = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const Flag* flag = find_flag(name == "-h" ? "--help" : name);
    if (flag == nullptr) return "there is no option " + std::string(name) + "; --help lists them all.";
    if (flag->argument.empty() && text) return std::string(name) + " takes no value: leave out =" + std::string(*text);
    if (!flag->argument.empty() && !text) {
      if (i + 1 == argc) return std::string(name) + " wants a value behind it: " + std::string(flag->argument);
      text = argv[++i];
    }
    const std::string_view given = text.value_or("");
    if (const Wish wish = flag->read(options, given); !wish.empty()) {
      return std::string(name) + " " + std::string(given) + ": wanted is " + wish + ".";
    }
    if (options.help) return {};
  }
  return check_together(options);
}

std::string help_text() {
  constexpr std::size_t kColumn = 24;
  std::string text =
      "larder-demo: puts a Larder cache in front of a SQLite database and shows what that brings.\n"
      "\n"
      "It makes a database in a temporary directory and replays a workload of reads and some updates against it: "
      "first\n"
      "without the cache, then with the cache beside it (a load for each miss, an invalidation after each update), "
      "and\n"
      "then with the database behind the cache, which writes to it later, and which is made to fail for a while. Each\n"
      "answer is checked: none may be older than the last update that had been completed before the question. At the\n"
      "end the database is compared with what was written.\n"
      "\n";
  for (const Flag& flag : kFlags) {
    std::string line = "  " + std::string(flag.name) + " " + std::string(flag.argument);
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    std::string_view meaning = flag.meaning;
    while (!meaning.empty()) {
      const std::size_t end = std::min(meaning.find('\n'), meaning.size());
      if (line.size() > kColumn) {
        text += line + "\n";
        line.assign(kColumn, ' ');
      }
      text += line + std::string(meaning.substr(0, end)) + "\n";
      line.assign(kColumn, ' ');
      meaning.remove_prefix(std::min(end + 1, meaning.size()));
    }
  }
  text +=
      "\n"
      "Exit status: 0 all is well; 1 an answer was too old or wrong, the memory bound was passed, a request failed, "
      "or\n"
      "a write was lost;\n"
      "2 the command line, a file or the machine does not let it run; 130 interrupted (the report covers what was "
      "done).\n";
  return text;
}

}  // namespace demo
