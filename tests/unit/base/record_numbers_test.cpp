#include "holdfast/base/record_numbers.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

enum class Weather : std::uint8_t { sun = 1, rain = 2, snow = 3 };

FieldReader fields_of(const Bytes& record) { return FieldReader::parse(record).value(); }

void expect_damaged(const auto& result, const char* detail) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(result.error().code, "corrupt");
  EXPECT_EQ(result.error().detail, detail);
}

TEST(RecordNumbers, a_number_that_fits_is_read_and_an_absent_one_is_the_default) {
  const Bytes record = FieldWriter().number(1, 65535).number(2, 0).take();
  EXPECT_EQ(number_of<std::uint16_t>(fields_of(record), "test", 1), 65535);
  EXPECT_EQ(number_of<std::uint16_t>(fields_of(record), "test", 2, 7), 0);
  EXPECT_EQ(number_of<std::uint16_t>(fields_of(record), "test", 3), 0);
  EXPECT_EQ(number_of<std::uint16_t>(fields_of(record), "test", 3, 7), 7);
}

TEST(RecordNumbers, a_number_is_never_cut_to_size) {
  const Bytes record = FieldWriter().number(1, 258).number(2, (1ULL << 32U) + 1).take();
  expect_damaged(number_of<std::uint8_t>(fields_of(record), "weather", 1),
                 "weather: field 1 is 258, at most 255");
  expect_damaged(number_of<std::uint32_t>(fields_of(record), "standing", 2),
                 "standing: field 2 is 4294967297, at most 4294967295");
  expect_damaged(number_up_to<std::uint16_t>(fields_of(record), "rule", 1, 257),
                 "rule: field 1 is 258, at most 257");
  EXPECT_EQ(number_up_to<std::uint16_t>(fields_of(record), "rule", 1, 258), 258);
}

TEST(RecordNumbers, what_is_longer_than_a_number_is_none_and_not_the_default) {
  const Bytes record = FieldWriter().text(1, "nine byte").take();
  expect_damaged(number_of<std::uint64_t>(fields_of(record), "row", 1, 5), "row: field 1 is no number");
}

TEST(RecordNumbers, an_enumeration_is_one_of_its_own_numbers) {
  const auto of = [](std::uint64_t stored) {
    const Bytes record = FieldWriter().number(1, stored).take();
    return enumerator_of(fields_of(record), "weather", 1, Weather::snow, Weather::sun);
  };
  EXPECT_EQ(of(1), Weather::sun);
  EXPECT_EQ(of(3), Weather::snow);
  expect_damaged(of(0), "weather: field 1 is 0");
  expect_damaged(of(4), "weather: field 1 is 4, at most 3");
  expect_damaged(of(258), "weather: field 1 is 258, at most 3");
  EXPECT_EQ(enumerator_of(fields_of({}), "weather", 1, Weather::snow, Weather::rain), Weather::rain);
}

TEST(RecordNumbers, an_enumeration_without_a_default_is_damaged_when_it_is_missing) {
  expect_damaged(enumerator_of(fields_of({}), "weather", 1, Weather::snow, Weather{}),
                 "weather: field 1 is 0");
}

}  // namespace
}  // namespace holdfast
