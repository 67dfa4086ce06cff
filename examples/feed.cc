// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is new, for each reader: a list of the latest posts of whom they follow. A post goes to the feeds of all
// followers when it is made (lpush), and a feed keeps its latest hundred (ltrim); posts themselves are kept once, for a
// week.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace larder::literals;

using Texts = std::vector<std::string>;

constexpr std::int64_t kFeedMax = 100;
constexpr std::int64_t kPage = 10;
constexpr auto kPostKept = std::chrono::days(7);

class Feeds {
 public:
  explicit Feeds(larder::Cache& cache) : cache_(cache) {}

  void follow(std::string_view reader, const std::string& author) { cache_.sadd("followers:" + author, reader); }

  void post(const std::string& author, std::string_view text) {
    const std::string id = std::to_string(*cache_.incr("posts"));
    cache_.hset("post:" + id, {{"author", author}, {"text", text}});
    cache_.expire("post:" + id, kPostKept);
    const auto followers = cache_.ssnapshot("followers:" + author);
    if (!followers) return;
    followers->for_each([&](std::string_view reader) {
      const std::string feed = "feed:" + std::string(reader);
      cache_.lpush(feed, id);
      cache_.ltrim(feed, 0, kFeedMax - 1);
      return true;
    });
  }
  // It stays in the feeds, which pass over what is not there.
  void take_back(const std::string& id) { cache_.del("post:" + id); }

  // The latest ten; page 1: the ten before.
  Texts page(const std::string& reader, std::int64_t page) {
    Texts texts;
    for (const std::string_view id : *cache_.lrange("feed:" + reader, page * kPage, (page + 1) * kPage - 1)) {
      if (auto text = text_of(id)) texts.push_back(*std::move(text));
    }
    return texts;
  }

  // For who goes through the pages while posts come in: in a feed as it was once, page 1 begins where page 0 has ended.
  larder::Lookup<larder::ListSnapshot> open(const std::string& reader) { return cache_.lsnapshot("feed:" + reader); }
  Texts page(const larder::ListSnapshot& feed, std::int64_t page) {
    Texts texts;
    feed.for_each(page * kPage, (page + 1) * kPage - 1, [&](std::string_view id) {
      if (auto text = text_of(id)) texts.push_back(*std::move(text));
      return true;
    });
    return texts;
  }

  std::uint64_t size(const std::string& reader) { return *cache_.llen("feed:" + reader); }

 private:
  std::optional<std::string> text_of(std::string_view id) {
    const auto fields = cache_.hmget("post:" + std::string(id), {"author", "text"});
    if (!fields || !fields->at(0) || !fields->at(1)) return std::nullopt;
    return *fields->at(0) + ": " + *fields->at(1);
  }

  larder::Cache& cache_;
};

int wrong = 0;
void expect(bool holds, const char* what) {
  std::printf("%-66s %s\n", what, holds ? "yes" : "NO");
  wrong += !holds;
}

}  // namespace

int main() {
  larder::Cache cache({.max_memory = 16_MiB});
  Feeds feeds(cache);
  feeds.follow("ann", "bob");
  feeds.follow("ann", "cleo");
  feeds.follow("dan", "cleo");

  feeds.post("bob", "jam is ready");
  feeds.post("cleo", "who has sugar?");
  feeds.post("eve", "nobody reads me");
  expect(feeds.page("ann", 0) == Texts{"cleo: who has sugar?", "bob: jam is ready"}, "ann sees both, the latest first");
  expect(feeds.page("dan", 0) == Texts{"cleo: who has sugar?"}, "dan sees what cleo wrote");
  feeds.take_back("2");
  expect(feeds.page("ann", 0) == Texts{"bob: jam is ready"}, "what was taken back is not shown");

  for (int i = 1; i <= 150; ++i) feeds.post("cleo", "day " + std::to_string(i));
  expect(feeds.size("ann") == 100 && feeds.size("dan") == 100, "a feed keeps its latest hundred");
  expect(feeds.page("ann", 0).front() == "cleo: day 150", "page 0 begins with the latest");
  expect(feeds.page("ann", 9).back() == "cleo: day 51" && feeds.page("ann", 10).empty(), "page 9 is the last");

  const auto feed = feeds.open("ann");
  const std::string last_of_page_0 = feeds.page(*feed, 0).back();
  for (int i = 0; i < 5; ++i) feeds.post("bob", "more jam");
  expect(feeds.page("ann", 1).front() == "cleo: day 145", "five posts later, page 1 has five that page 0 had, too");
  expect(last_of_page_0 == "cleo: day 141" && feeds.page(*feed, 1).front() == "cleo: day 140",
         "but not for who goes through a snapshot");
  return wrong;
}
