// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Shopping carts: a hash for each, of products and how many of them. A cart ends two hours after its last change. What
// a guest has chosen becomes the user's at log-in.
//
// A ManualClock stands in for time, so that hours pass at once. Your program leaves Options::clock alone.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

constexpr auto kAbandonedAfter = 2h;

class Carts {
 public:
  explicit Carts(larder::Cache& cache) : cache_(cache) {}

  // How many of the product are in the cart then.
  larder::Result<std::int64_t> add(const std::string& owner, std::string_view product, std::int64_t count) {
    auto there = cache_.hincr_by(key(owner), product, count);
    cache_.expire(key(owner), kAbandonedAfter);
    return there;
  }
  void take_out(const std::string& owner, std::string_view product) { cache_.hdel(key(owner), product); }

  // Of one instant, whatever is put into the cart meanwhile.
  std::int64_t total(const std::string& owner, const std::map<std::string, std::int64_t, std::less<>>& prices) {
    const auto cart = cache_.hsnapshot(key(owner));
    if (!cart) return 0;
    std::int64_t total = 0;
    cart->for_each([&](std::string_view product, std::string_view count) {
      const auto price = prices.find(product);
      if (price != prices.end()) total += price->second * number(count);
      return true;
    });
    return total;
  }

  // Renamed first, which is atomic: of two who log in as this guest, one gets the cart; and what the guest puts in from
  // now on is in a new one.
  void hand_over(const std::string& guest, const std::string& user) {
    const std::string moving = key(guest) + ":moving";
    if (!cache_.rename(key(guest), moving).ok()) return;  // there is none
    if (const auto cart = cache_.hsnapshot(moving)) {
      cart->for_each([&](std::string_view product, std::string_view count) {
        add(user, product, number(count));
        return true;
      });
    }
    cache_.del(moving);
  }

 private:
  static std::string key(const std::string& owner) { return "cart:" + owner; }
  static std::int64_t number(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  larder::Cache& cache_;
};

int wrong = 0;
void expect(bool holds, const char* what) {
  std::printf("%-60s %s\n", what, holds ? "yes" : "NO");
  wrong += !holds;
}

}  // namespace

int main() {
  const std::map<std::string, std::int64_t, std::less<>> prices = {{"jam", 349}, {"honey", 599}, {"pickles", 279}};
  larder::ManualClock clock;
  larder::Cache cache({.max_memory = 16_MiB, .clock = &clock});
  Carts carts(cache);

  carts.add("guest-1", "jam", 2);
  carts.add("guest-1", "honey", 1);
  expect(*carts.add("guest-1", "jam", 1) == 3, "two jars of jam and one are three");
  expect(carts.total("guest-1", prices) == 3 * 349 + 599, "which cost 16.46, with one of honey");
  carts.take_out("guest-1", "honey");
  expect(carts.total("guest-1", prices) == 3 * 349, "and 10.47 without it");

  carts.add("ada", "jam", 1);
  carts.add("ada", "pickles", 2);
  carts.hand_over("guest-1", "ada");
  expect(carts.total("ada", prices) == 4 * 349 + 2 * 279, "at log-in the guest's jam is added to the user's");
  expect(!*cache.exists("cart:guest-1") && *cache.dbsize() == 1, "and the guest's cart is gone");
  carts.hand_over("guest-1", "ada");
  expect(carts.total("ada", prices) == 4 * 349 + 2 * 279, "a second time nothing is added");

  clock.advance(90min);
  carts.add("ada", "honey", 1);
  clock.advance(90min);
  expect(*cache.hlen("cart:ada") == 3, "a cart lives two hours from its last change on");
  clock.advance(30min);
  expect(carts.total("ada", prices) == 0 && !*cache.exists("cart:ada"), "and no longer");
  return wrong;
}
