// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sets: what has which tags, who follows whom, and what two sets have in common. Sets have no order; who shows them
// sorts them.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

using Names = std::vector<std::string>;
// For what outlives the answer, which is one block of bytes.
Names names_of(const larder::ItemList& items) { return {items.begin(), items.end()}; }

class Follows {
 public:
  explicit Follows(larder::Cache& cache) : cache_(cache) {}

  void follow(const std::string& who, const std::string& whom) {
    cache_.sadd("following:" + who, whom);
    cache_.sadd("followers:" + whom, who);
  }
  void unfollow(const std::string& who, const std::string& whom) {
    cache_.srem("following:" + who, whom);
    cache_.srem("followers:" + whom, who);
  }

  std::uint64_t followers(const std::string& whom) { return *cache_.scard("followers:" + whom); }

  // Who follows both. Worked out once in ten minutes, however often it is shown.
  Names common_followers(const std::string& one, const std::string& other) {
    const std::string key = "common:" + one + ":" + other;
    if (!*cache_.exists(key)) {
      cache_.sinter_store(key, {"followers:" + one, "followers:" + other});
      cache_.expire(key, 10min);  // nobody follows both: there is no such key, and this does nothing
    }
    return names_of(*cache_.smembers(key));
  }

  // Whom those follow that somebody follows, most of them first. A set counts as a sorted set whose scores are 1: in
  // the union, a name's score says how many of the sets have it.
  Names who_to_follow(const std::string& who, std::size_t most) {
    const auto following = cache_.ssnapshot("following:" + who);
    if (!following) return {};
    Names keys;
    following->for_each([&](std::string_view friend_of_who) {
      keys.push_back("following:" + std::string(friend_of_who));
      return keys.size() < 1'000;  // a command takes up to 1,024 keys
    });
    const auto known = *cache_.zunion(keys);
    Names names;
    for (std::size_t i = known.size(); i-- > 0 && names.size() < most;) {
      const std::string_view name = known[i].member;
      if (name != who && !following->contains(name)) names.emplace_back(name);
    }
    return names;
  }

 private:
  larder::Cache& cache_;
};

bool right = true;
void expect(const char* what, Names names, const Names& expected, bool in_order = false) {
  if (!in_order) std::ranges::sort(names);
  std::printf("%-28s", what);
  for (const std::string& name : names) std::printf(" %s", name.c_str());
  std::printf("\n");
  right = right && names == expected;
}

}  // namespace

int main() {
  larder::Cache cache({.max_memory = 16_MiB});

  cache.sadd("tag:sweet", {"jam", "honey", "chutney"});
  cache.sadd("tag:fruit", {"jam", "chutney", "prunes"});
  cache.sadd("tag:hot", {"chutney", "pickles"});
  expect("sweet and fruit:", names_of(*cache.sinter({"tag:sweet", "tag:fruit"})), {"chutney", "jam"});
  expect("sweet or hot:", names_of(*cache.sunion({"tag:sweet", "tag:hot"})), {"chutney", "honey", "jam", "pickles"});
  expect("fruit, but not hot:", names_of(*cache.sdiff({"tag:fruit", "tag:hot"})), {"jam", "prunes"});
  right = right && *cache.sinter_card({"tag:sweet", "tag:fruit", "tag:hot"}) == 1;

  Follows follows(cache);
  for (const char* whom : {"bob", "cleo", "dan"}) follows.follow("ann", whom);
  for (const char* whom : {"ann", "eve", "fay"}) follows.follow("bob", whom);
  for (const char* whom : {"bob", "eve", "gus"}) follows.follow("cleo", whom);
  for (const char* whom : {"ann", "eve", "gus"}) follows.follow("dan", whom);
  expect("follow both ann and eve:", follows.common_followers("ann", "eve"), {"bob", "dan"});
  expect("whom ann may want to follow:", follows.who_to_follow("ann", 2), {"eve", "gus"}, true);

  // Who is followed already is proposed no more. A set whose last member goes is a key that is gone.
  follows.follow("ann", "eve");
  follows.unfollow("bob", "fay");
  expect("and now:", follows.who_to_follow("ann", 2), {"gus"}, true);
  right = right && follows.followers("eve") == 4 && !*cache.exists("followers:fay");
  return right ? 0 : 1;
}
