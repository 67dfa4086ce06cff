// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS T4: the bytes of a collection as a store has them. They are written down here, byte for byte, as rows that
// an older version has written must be read for ever.
#include "collections/stored_form.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "collections/fixture.h"

namespace larder::collections {
namespace {

using namespace std::string_literals;

// A draft with memory, and a hash of its own.
template <typename DraftType>
class Made {
 public:
  explicit Made(memory::Account& account, SmallLimits limits = {}, std::uint64_t seed = 1,
                std::int64_t bytes = std::int64_t{1} << 40)
      : memory_(account, bytes), hash_(seed) {
    EXPECT_TRUE(account.bytes().lease(bytes));
    draft_ = std::make_unique<DraftType>(Tools{memory_, hash_, limits});
  }
  ~Made() {
    if (draft_->large() != nullptr) draft_->large()->discard(memory_);
    memory_.account().bytes().give_back(memory_.take_left());
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  DraftType* operator->() { return draft_.get(); }
  DraftType& operator*() { return *draft_; }

 private:
  PageMemory memory_;
  base::KeyHash hash_;
  std::unique_ptr<DraftType> draft_;
};

class StoredForm : public CollectionTest {
 protected:
  template <typename DraftType>
  Status read(std::string_view bytes) {
    Made<DraftType> made(*account_);
    return read_stored_form(bytes, *made);
  }
  template <typename DraftType>
  void expect_malformed(std::string_view bytes, std::string_view why) {
    const Status status = read<DraftType>(bytes);
    EXPECT_EQ(to_string(status.code()), "store_malformed") << why;
    EXPECT_NE(status.message().find(why), std::string_view::npos) << status.message();
  }
};

TEST_F(StoredForm, GoldenBytes) {
  Made<HashDraft> hash(*account_);
  hash->set("b", "2");
  hash->set("", std::string(200, 'v'));
  EXPECT_EQ(stored_form(hash->view()), "\1\2\0\xc8\1"s + std::string(200, 'v') + "\1b\1"s + "2");
  Made<ListDraft> list(*account_);
  for (const char* element : {"b", "a", "b", ""}) list->insert(list->view().size(), element);
  EXPECT_EQ(stored_form(list->view()), "\1\4\1b\1a\1b\0"s);
  Made<SetDraft> set(*account_);
  for (const char* member : {"10", "9", "\xff", "a"}) set->add(member);
  EXPECT_EQ(stored_form(set->view()), "\1\4\2"s + "10\1"s + "9\1a\1\xff"s);
  Made<SortedSetDraft> sorted(*account_);
  sorted->set("b", 1.5);
  sorted->set("a", 1.5);
  sorted->set("last", std::numeric_limits<double>::infinity());
  sorted->set("first", -2);
  EXPECT_EQ(stored_form(sorted->view()),
            "\1\4"
            "\0\0\0\0\0\0\0\xc0\5first"
            "\0\0\0\0\0\0\xf8\x3f\1a"
            "\0\0\0\0\0\0\xf8\x3f\1b"
            "\0\0\0\0\0\0\xf0\x7f\4last"s);
}

template <typename DraftType>
class StoredFormOf : public StoredForm {};

void put(HashDraft& draft, const std::string& item) { draft.set(item, "value of " + item.substr(0, 3)); }
void put(ListDraft& draft, const std::string& item) {
  draft.insert(item.size() % 3 == 0 ? 0 : draft.view().size(), item);
}
void put(SetDraft& draft, const std::string& item) { draft.add(item); }
void put(SortedSetDraft& draft, const std::string& item) { draft.set(item, static_cast<double>(item.size()) / 3); }

using Drafts = testing::Types<HashDraft, ListDraft, SetDraft, SortedSetDraft>;
TYPED_TEST_SUITE(StoredFormOf, Drafts);

// Small and large, with items of every size, under other limits and hashes: the same bytes, and what they were.
TYPED_TEST(StoredFormOf, EqualCollectionsHaveEqualBytesAndComeBack) {
  model::RandomChoices choices(support::seed(1));
  for (const std::size_t count : {1u, 2u, 60u, 127u, 128u, 300u, 5'000u}) {
    Made<TypeParam> made(*this->account_);
    Made<TypeParam> other(*this->account_, {.entries = 3, .item_bytes = 3}, 7);
    for (std::size_t i = 0; i < count; ++i) {
      std::string item = support::some_name(choices, {.universe = 10'000, .blobs = true});
      if (choices.one_in(50)) item += std::string(choices.below(70'000), 'x');
      put(*made, item);
      put(*other, item);
    }
    const std::string bytes = stored_form(made->view());
    EXPECT_EQ(bytes, stored_form(other->view()));
    Made<TypeParam> back(*this->account_, {}, 9);
    const Status status = read_stored_form(bytes, *back);
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(back->view().size(), made->view().size());
    EXPECT_EQ(stored_form(back->view()), bytes);
  }
}

// However they are cut, and whatever follows.
TYPED_TEST(StoredFormOf, WhatIsCutShortOrGoesOnIsMalformed) {
  Made<TypeParam> made(*this->account_);
  for (int i = 0; i < 60; ++i) put(*made, std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x'));
  const std::string bytes = stored_form(made->view());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(this->template read<TypeParam>(bytes.substr(0, size)).code(), ErrorCode::kStoreMalformed) << size;
  }
  this->template expect_malformed<TypeParam>(bytes + "x", "1 bytes behind its end");
  EXPECT_TRUE(this->template read<TypeParam>(bytes).ok());
}

TYPED_TEST(StoredFormOf, WhatClaimsMoreThanThereIsIsMalformedAtOnce) {
  const std::string most = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"s;  // 2^64 - 1
  this->template expect_malformed<TypeParam>("\1" + most, "cut short");
  this->template expect_malformed<TypeParam>("\1\1" + std::string(8, '\0') + most + "x", "");
  this->template expect_malformed<TypeParam>("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", "more than 64 bits");
}

TYPED_TEST(StoredFormOf, OtherVersionsAndEmptyOnesAreMalformed) {
  this->template expect_malformed<TypeParam>("", "no bytes");
  this->template expect_malformed<TypeParam>("\1\0"s, "empty");
  this->template expect_malformed<TypeParam>("\0\1\1a\1b"s, "version 0");
  this->template expect_malformed<TypeParam>("\2\1\1a\1b"s, "version 2");
  this->template expect_malformed<TypeParam>("text that is none", "version 116");
}

// What does not suffice for all of it is no fault of the bytes.
TYPED_TEST(StoredFormOf, ADraftWithoutMemorySaysSo) {
  Made<TypeParam> made(*this->account_);
  for (int i = 0; i < 2'000; ++i) put(*made, std::to_string(i));
  const std::string bytes = stored_form(made->view());
  for (const std::int64_t memory : {0, 2'000, 10'000}) {
    Made<TypeParam> back(*this->account_, {}, 1, memory);
    EXPECT_TRUE(read_stored_form(bytes, *back).ok());
    EXPECT_TRUE(back->refused());
  }
}

TEST_F(StoredForm, WhatIsThereTwiceIsMalformed) {
  expect_malformed<HashDraft>("\1\2\1a\1x\1a\1y", "twice");
  expect_malformed<SetDraft>("\1\2\1a\1a", "twice");
  expect_malformed<SortedSetDraft>("\1\2\0\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\xf0\x3f\1a"s, "twice");
  EXPECT_TRUE(read<ListDraft>("\1\2\1a\1a").ok());
}

TEST_F(StoredForm, TheOrderOfOthersIsAsGood) {
  Made<SortedSetDraft> sorted(*account_);
  EXPECT_TRUE(read_stored_form("\1\2\0\0\0\0\0\0\xf0\x3f\1b\0\0\0\0\0\0\0\0\1a"s, *sorted).ok());
  EXPECT_EQ(stored_form(sorted->view()), "\1\2\0\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\xf0\x3f\1b"s);
  Made<SetDraft> set(*account_);
  EXPECT_TRUE(read_stored_form("\1\2\1b\1a", *set).ok());
  EXPECT_EQ(stored_form(set->view()), "\1\2\1a\1b");
}

TEST_F(StoredForm, AScoreThatIsNotANumberIsMalformed) {
  expect_malformed<SortedSetDraft>("\1\1\0\0\0\0\0\0\xf8\x7f\1a"s, "not a number");
  expect_malformed<SortedSetDraft>("\1\1\1\0\0\0\0\0\xf0\xff\1a"s, "not a number");
}

}  // namespace
}  // namespace larder::collections
