#include "cpp/blobfs/log_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cpp/testing/random.h"

namespace ashlar {
namespace {

constexpr uint64_t kLogId = 0x1122334455667788;

std::vector<uint8_t> Unit(uint32_t unit_bytes, const LogUnit& unit, uint8_t fill = 'p') {
  std::vector<uint8_t> bytes(unit_bytes, fill);
  SealLogUnit(unit, bytes);
  return bytes;
}

LogUnit Make(uint32_t sequence, uint32_t used, uint64_t durable = 0, uint32_t session = 0) {
  return LogUnit{kLogId, durable, session, sequence, used};
}

TEST(LogFormatTest, GoldenBytes) {
  std::vector<uint8_t> expected(512, 0);
  expected[0] = expected[1] = expected[2] = 'p';
  const uint8_t trailer[] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // log id
                             0x39, 0x30, 0,    0,    0,    0,    0,    0,     // durable: 12345
                             7,    0,    0,    0,                             // session
                             26,   0,    0,    0,                             // sequence
                             3,    0,    0,    0,                             // used, reserved
                             0x3d, 0x09, 0xc8, 0x0b};
  std::copy(std::begin(trailer), std::end(trailer), expected.begin() + 480);
  EXPECT_EQ(Unit(512, Make(26, 3, 12345, 7)), expected);
}

TEST(LogFormatTest, ReadsWhatItSealed) {
  for (const uint32_t unit_bytes : {512u, 4096u}) {
    const uint32_t payload = LogFraming(unit_bytes).payload_bytes;
    for (const uint32_t used : {1u, 100u, payload}) {
      LogUnit unit;
      ASSERT_EQ(ReadLogUnit(kLogId, 9, Unit(unit_bytes, Make(9, used, 77, 3)), &unit),
                LogUnitState::kValid);
      EXPECT_EQ(unit.used_bytes, used);
      EXPECT_EQ(unit.durable_bytes, 77u);
      EXPECT_EQ(unit.session, 3u);
      EXPECT_EQ(unit.sequence, 9u);
    }
  }
}

TEST(LogFormatTest, EveryFlippedBitIsFoundOut) {
  const std::vector<uint8_t> good = Unit(512, Make(4, 300, 1000, 1));
  LogUnit unit;
  for (size_t bit = 0; bit < 512 * 8; ++bit) {
    std::vector<uint8_t> bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    const bool in_id = bit / 8 >= 480 && bit / 8 < 488;
    ASSERT_EQ(ReadLogUnit(kLogId, 4, bad, &unit),
              in_id ? LogUnitState::kForeign : LogUnitState::kDamaged)
        << bit;
  }
}

TEST(LogFormatTest, UnitsOfOtherLogsAndPlacesAreForeign) {
  LogUnit unit;
  EXPECT_EQ(ReadLogUnit(kLogId + 1, 4, Unit(512, Make(4, 300)), &unit), LogUnitState::kForeign);
  EXPECT_EQ(ReadLogUnit(kLogId, 5, Unit(512, Make(4, 300)), &unit), LogUnitState::kForeign);
  EXPECT_EQ(ReadLogUnit(kLogId, 0, std::vector<uint8_t>(512), &unit), LogUnitState::kForeign);
}

class LogScanTest : public ::testing::Test {
 protected:
  void Add(const LogUnit& unit) { Add(Unit(512, unit)); }
  void Add(const std::vector<uint8_t>& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void AddForeign() { Add(std::vector<uint8_t>(512, 0xdb)); }
  void AddDamaged(uint32_t sequence) {
    std::vector<uint8_t> bytes = Unit(512, Make(sequence, 480));
    bytes[17] ^= 1;
    Add(bytes);
  }

  // The length, or minus the proven length of a damaged log.
  int64_t Scan(uint32_t session = 9, uint64_t known = 0) {
    LogScan scan(kLogId, session, known, LogFraming(512));
    scan.Add(bytes_);
    return scan.damaged() ? -static_cast<int64_t>(scan.proven_bytes())
                          : static_cast<int64_t>(scan.length_bytes());
  }

  std::vector<uint8_t> bytes_;
};

TEST_F(LogScanTest, EndsAtTheFirstUnitThatIsNotItsOwn) {
  EXPECT_EQ(Scan(), 0);
  AddForeign();
  EXPECT_EQ(Scan(), 0);
  bytes_.clear();
  Add(Make(0, 480));
  Add(Make(1, 480));
  EXPECT_EQ(Scan(), 960);
  Add(Make(2, 10));
  EXPECT_EQ(Scan(), 970);
  AddForeign();
  EXPECT_EQ(Scan(), 970);
}

TEST_F(LogScanTest, ATornSyncIsCutOff) {
  Add(Make(0, 480));
  Add(Make(1, 480, 480));
  AddForeign();
  Add(Make(3, 480, 480));
  Add(Make(4, 20, 480));
  EXPECT_EQ(Scan(), 960);
}

TEST_F(LogScanTest, TheOldLastUnitMayStandBeforeNewOnes) {
  Add(Make(0, 100));
  Add(Make(1, 480, 100));
  EXPECT_EQ(Scan(), 100);
}

TEST_F(LogScanTest, AHoleBelowWhatWasDurableIsDamage) {
  Add(Make(0, 480));
  AddForeign();
  Add(Make(2, 480, 480));
  EXPECT_EQ(Scan(), 480) << "not durable when unit 2 was written";
  Add(Make(3, 480, 960));
  EXPECT_EQ(Scan(), -960);
}

TEST_F(LogScanTest, AnOldLastUnitBelowWhatWasDurableIsDamage) {
  Add(Make(0, 100));
  Add(Make(1, 480, 101));
  EXPECT_EQ(Scan(), -101);
}

TEST_F(LogScanTest, ADamagedUnitAtTheEndIsDamage) {
  Add(Make(0, 480));
  AddDamaged(1);
  EXPECT_EQ(Scan(), -481);
}

TEST_F(LogScanTest, LessThanIsKnownIsDamage) {
  Add(Make(0, 480));
  EXPECT_EQ(Scan(9, 480), 480);
  EXPECT_EQ(Scan(9, 481), -481);
}

TEST_F(LogScanTest, UnitsOfEarlierSessionsDoNotContinueLaterOnes) {
  Add(Make(0, 480, 0, 1));
  Add(Make(1, 480, 480, 2));
  Add(Make(2, 480, 480, 1));
  EXPECT_EQ(Scan(), 960);
  Add(Make(3, 480, 1440, 1));
  EXPECT_EQ(Scan(), 960) << "what an earlier session knew was cut off since";
  Add(Make(4, 480, 1440, 2));
  EXPECT_EQ(Scan(), -1440);
}

TEST_F(LogScanTest, ASessionThatWasNeverBegunIsDamage) {
  Add(Make(0, 480, 0, 3));
  EXPECT_EQ(Scan(3), 480);
  EXPECT_EQ(Scan(2), -1);
}

TEST_F(LogScanTest, AnyInputIsTaken) {
  Random random(TestSeed(1));
  for (int round = 0; round < 2000; ++round) {
    bytes_.clear();
    for (uint32_t sequence = 0; sequence < 6; ++sequence) {
      std::vector<uint8_t> unit = Unit(
          512,
          Make(static_cast<uint32_t>(random.Below(8)), static_cast<uint32_t>(random.Below(481)),
               random.Next() >> random.Below(64), static_cast<uint32_t>(random.Below(4))));
      if (random.OneIn(3)) unit[random.Below(512)] ^= 1;
      Add(unit);
    }
    LogScan scan(kLogId, 3, random.Below(2000), LogFraming(512));
    scan.Add(bytes_);
    ASSERT_LE(scan.length_bytes(), 6u * 480);
    ASSERT_EQ(scan.damaged(), scan.proven_bytes() > scan.length_bytes());
  }
}

}  // namespace
}  // namespace ashlar
