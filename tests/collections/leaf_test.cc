// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A leaf against a vector, in a block that is exactly as large as it must be: the sanitizer sees a byte too far.
#include "collections/page.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collections/fixture.h"
#include "collections/orders.h"

namespace larder::collections {
namespace {

template <typename Key>
Key key_of(std::uint64_t number) {
  if constexpr (std::is_empty_v<Key>) {
    return {};
  } else {
    return static_cast<Key>(number);
  }
}

template <typename Key>
class LeafTest : public CollectionTest {
 protected:
  struct Item {
    Key key;
    std::string text;
    bool is_blob = false;
  };
  using Items = std::vector<Item>;

  // A leaf, and what should be in it.
  struct Pair {
    std::unique_ptr<char[]> block;
    Leaf<Key>* leaf;
    Items items;
  };

  static Pair with_capacity(std::size_t bytes) {
    Pair pair{std::make_unique<char[]>(bytes), nullptr, {}};
    pair.leaf = new (pair.block.get()) Leaf<Key>;
    pair.leaf->capacity = static_cast<std::uint16_t>(bytes);
    return pair;
  }
  Pair of(const Items& items, std::size_t spare = 0) {
    std::size_t bytes = spare;
    for (const Item& item : items) bytes += stored_bytes(item);
    Pair pair = with_capacity(Leaf<Key>::bytes_for(items.size(), bytes));
    for (const Item& item : items) insert(pair, static_cast<unsigned>(pair.items.size()), item);
    return pair;
  }
  static std::size_t stored_bytes(const Item& item) { return item.is_blob ? sizeof(Blob*) : item.text.size(); }

  void insert(Pair& pair, unsigned at, const Item& item) {
    write(item, pair.leaf->insert(at, item.key, stored_bytes(item), item.is_blob));
    pair.items.insert(pair.items.begin() + at, item);
  }
  void erase(Pair& pair, unsigned at) {
    if (pair.leaf->is_blob(at)) pair.leaf->blob(at)->release();
    pair.leaf->erase(at);
    pair.items.erase(pair.items.begin() + at);
  }
  void resize(Pair& pair, unsigned at, const Item& item) {
    if (pair.leaf->is_blob(at)) pair.leaf->blob(at)->release();
    write(item, pair.leaf->resize(at, stored_bytes(item), item.is_blob));
    pair.items[at].text = item.text;
    pair.items[at].is_blob = item.is_blob;
  }
  void write(const Item& item, char* to) {
    if (item.is_blob) {
      Blob* blob = support::make_blob(*account_, item.text);
      std::memcpy(to, &blob, sizeof blob);
    } else if (!item.text.empty()) {
      std::memcpy(to, item.text.data(), item.text.size());
    }
  }

  static void expect_same(const Pair& pair) {
    const Leaf<Key>& leaf = *pair.leaf;
    ASSERT_EQ(leaf.count, pair.items.size());
    std::size_t bytes = 0;
    for (unsigned i = 0; i < leaf.count; ++i) {
      const Item& item = pair.items[i];
      ASSERT_EQ(leaf.item(i), item.text) << i;
      ASSERT_EQ(leaf.is_blob(i), item.is_blob) << i;
      ASSERT_TRUE(leaf.key(i) == item.key) << i;
      ASSERT_EQ(leaf.stored(i).size(), stored_bytes(item)) << i;
      bytes += stored_bytes(item);
    }
    ASSERT_EQ(leaf.bytes, bytes);
    ASSERT_LE(leaf.used(), leaf.capacity);
  }
  static Item item(std::uint64_t number, std::size_t bytes) {
    return {key_of<Key>(number), std::string(bytes, static_cast<char>('a' + number % 26))};
  }
  static Item blob(std::uint64_t number) {
    return {key_of<Key>(number), std::string(300 + number, static_cast<char>('A' + number % 26)), true};
  }
  static Items some() { return {item(1, 0), item(2, 256), blob(3), item(4, 1), item(5, 0), blob(6), item(7, 17)}; }
};

using Keys = testing::Types<Sequence::Key, std::uint8_t, std::uint32_t, double>;
TYPED_TEST_SUITE(LeafTest, Keys);

TYPED_TEST(LeafTest, TakesAnItemAtEveryPlace) {
  for (unsigned at = 0; at <= this->some().size(); ++at) {
    for (const auto& more : {this->item(9, 0), this->item(9, 1), this->item(9, 256), this->blob(9)}) {
      auto pair = this->of(this->some(), TestFixture::stored_bytes(more) + Leaf<TypeParam>::kSlotBytes);
      this->insert(pair, at, more);
      this->expect_same(pair);
      pair.leaf->release_blobs();
    }
  }
}

TYPED_TEST(LeafTest, LosesAnItemAtEveryPlace) {
  for (unsigned at = 0; at < this->some().size(); ++at) {
    auto pair = this->of(this->some());
    this->erase(pair, at);
    this->expect_same(pair);
    while (!pair.items.empty()) this->erase(pair, at % static_cast<unsigned>(pair.items.size()));
    this->expect_same(pair);
  }
}

TYPED_TEST(LeafTest, LosesItemsOfAnyRange) {
  const auto count = static_cast<unsigned>(this->some().size());
  for (unsigned from = 0; from <= count; ++from) {
    for (unsigned to = from; to <= count; ++to) {
      auto pair = this->of(this->some());
      for (unsigned i = from; i < to; ++i) {
        if (pair.leaf->is_blob(i)) pair.leaf->blob(i)->release();
      }
      pair.leaf->erase(from, to);
      pair.items.erase(pair.items.begin() + from, pair.items.begin() + to);
      this->expect_same(pair);
      pair.leaf->release_blobs();
    }
  }
}

TYPED_TEST(LeafTest, AnItemGetsAnotherSize) {
  for (unsigned at = 0; at < this->some().size(); ++at) {
    for (const auto& other : {this->item(9, 0), this->item(9, 8), this->item(9, 255), this->blob(9)}) {
      auto pair = this->of(this->some(), TestFixture::stored_bytes(other));
      this->resize(pair, at, other);
      this->expect_same(pair);
      pair.leaf->release_blobs();
    }
  }
}

TYPED_TEST(LeafTest, TakesAnyPartOfAnother) {
  auto source = this->of(this->some());
  const auto count = static_cast<unsigned>(source.items.size());
  for (unsigned from = 0; from <= count; ++from) {
    for (unsigned to = from; to <= count; ++to) {
      for (const auto& before : {typename TestFixture::Items{}, this->some()}) {
        auto pair = this->of(before, source.leaf->bytes + count * Leaf<TypeParam>::kSlotBytes);
        pair.leaf->release_blobs();
        pair.leaf->append(*source.leaf, from, to);
        pair.items.insert(pair.items.end(), source.items.begin() + from, source.items.begin() + to);
        // What was there lives on in none: its blobs are those of the source.
        for (unsigned i = 0; i < before.size(); ++i) {
          Blob* blob = before[i].is_blob ? source.leaf->blob(i) : nullptr;
          if (blob != nullptr) std::memcpy(pair.leaf->resize(i, sizeof blob, true), &blob, sizeof blob);
        }
        pair.leaf->acquire_blobs();
        this->expect_same(pair);
        pair.leaf->release_blobs();
      }
    }
  }
  this->expect_same(source);
  source.leaf->release_blobs();
}

TYPED_TEST(LeafTest, HasRoomForWhatFitsExactly) {
  auto pair = this->of({this->item(1, 10)}, Leaf<TypeParam>::kSlotBytes + 20);
  EXPECT_TRUE(pair.leaf->has_room(20));
  EXPECT_FALSE(pair.leaf->has_room(21));
  this->insert(pair, 0, this->item(2, 20));
  EXPECT_FALSE(pair.leaf->has_room(0));
  this->expect_same(pair);
}

TYPED_TEST(LeafTest, IsFilledToItsLastByte) {
  auto pair = this->with_capacity(Leaf<TypeParam>::kBytesMax);
  for (std::uint64_t number = 0; pair.leaf->has_room(number % 257); ++number) {
    this->insert(pair, static_cast<unsigned>(number / 2), this->item(number, number % 257));
  }
  this->insert(pair, 3, this->item(1, pair.leaf->capacity - pair.leaf->used() - Leaf<TypeParam>::kSlotBytes));
  EXPECT_EQ(pair.leaf->used(), Leaf<TypeParam>::kBytesMax);
  this->expect_same(pair);
}

TYPED_TEST(LeafTest, AgreesWithAVector) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  base::Random random(seed);
  auto pair = this->with_capacity(8'192);
  for (std::uint64_t step = 0; step < support::count(6'000, 200'000); ++step) {
    const auto count = static_cast<unsigned>(pair.items.size());
    const auto item = random.below(8) == 0 ? this->blob(step % 64) : this->item(step, random.below(257));
    const std::uint64_t what = random.below(8);
    if (what < 4 && pair.leaf->has_room(TestFixture::stored_bytes(item))) {
      this->insert(pair, static_cast<unsigned>(random.below(count + 1)), item);
    } else if (what < 6 && count != 0 && pair.leaf->has_room(TestFixture::stored_bytes(item))) {
      this->resize(pair, static_cast<unsigned>(random.below(count)), item);
    } else if (count != 0) {
      this->erase(pair, static_cast<unsigned>(random.below(count)));
    }
    if (step % 8 == 0) this->expect_same(pair);
    if (this->HasFatalFailure()) return;
  }
  pair.leaf->release_blobs();
}

TEST(Blocks, AreLargeEnoughAndComeInFourSizesBetweenPowersOfTwo) {
  std::size_t before = 0;
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = 0; bytes <= 32'768; ++bytes) {
    const std::size_t block = block_for(bytes);
    ASSERT_GE(block, bytes);
    ASSERT_LE(block, bytes <= 64 ? 64 : bytes + bytes / 4);
    ASSERT_GE(block, before);
    if (block != before) sizes.push_back(block);
    before = block;
  }
  EXPECT_EQ(sizes.size(), 1 + 4 * 9u);
  EXPECT_EQ(sizes.back(), 32'768u);
}

}  // namespace
}  // namespace larder::collections
