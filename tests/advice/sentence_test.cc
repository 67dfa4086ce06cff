// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/sentence.h"

#include <gtest/gtest.h>

namespace larder::advice {
namespace {

TEST(SizeAdviceInWords, SaysWhatIsWorthIt) {
  const auto say = [](double half, double now, double twice, double fourfold) {
    return sentence_of({true, 5'000, now, half, twice, fourfold, {}}, 64 << 20, BoundOf::kBytes);
  };
  EXPECT_EQ(say(0.75, 0.81, 0.84, 0.845), "+64 MiB would lift the hit ratio from 81.0 % to 84.0 %");
  EXPECT_EQ(say(0.75, 0.81, 0.84, 0.88), "+64 MiB would lift the hit ratio from 81.0 % to 84.0 %, +192 MiB to 88.0 %");
  EXPECT_EQ(say(0.75, 0.81, 0.811, 0.88),
            "+192 MiB would lift the hit ratio from 81.0 % to 88.0 %, +64 MiB hardly at all");
  EXPECT_EQ(say(0.808, 0.81, 0.811, 0.812), "32 MiB less would do: the hit ratio would be 80.8 % instead of 81.0 %");
  EXPECT_EQ(
      say(0.75, 0.81, 0.811, 0.812),
      "the size is right: +64 MiB would bring next to nothing, 32 MiB less would lower the hit ratio from 81.0 % to "
      "75.0 %");
  EXPECT_EQ(say(0, 0, 0.001, 0.002), "hardly anything hits, be it now (0.0 %) or with +192 MiB (0.2 %)");
  EXPECT_EQ(say(0, 0, 0, 0.02), "+192 MiB would lift the hit ratio from 0.0 % to 2.0 %, +64 MiB hardly at all");
  EXPECT_EQ(sentence_of({true, 5'000, 0.5, 0.4, 0.6, 0.6, {}}, 1'000, BoundOf::kEntries),
            "+1000 entries would lift the hit ratio from 50.0 % to 60.0 %");
}

TEST(PolicyAdviceInWords, SaysWhetherAnotherIsWorthIt) {
  const auto say = [](double best, double now = 0.81) {
    return sentence_of({true, 5'000, now, {{"w-tinylfu", best}, {"lru", 0}}, {}});
  };
  EXPECT_EQ(say(0, 0), "hardly anything hits, be it now (0.0 %) or with any other policy (0.0 %)");
  EXPECT_EQ(say(0.02, 0), "w-tinylfu would lift the hit ratio from 0.0 % to 2.0 %");
  EXPECT_EQ(say(0.84), "w-tinylfu would lift the hit ratio from 81.0 % to 84.0 %");
  EXPECT_EQ(say(0.815),
            "the policy is right: no other would lift the hit ratio of 81.0 % by a point; the best of them, w-tinylfu, "
            "would have 81.5 %");
}

}  // namespace
}  // namespace larder::advice
