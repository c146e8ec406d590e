#include "cpp/base/utf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ashlar {
namespace {

TEST(UtfTest, ConvertsBothWays) {
  const std::vector<std::pair<std::string, std::u16string>> cases = {
      {"", u""},
      {"plain/ascii", u"plain/ascii"},
      {"\xc3\xa9\xc3\x9f", u"\u00e9\u00df"},
      {"\xe2\x82\xac", u"\u20ac"},
      {"\xf0\x9f\x98\x80", u"\U0001f600"},
      {std::string("a\0b", 3), std::u16string(u"a\0b", 3)},
      {"\xf4\x8f\xbf\xbf", u"\U0010ffff"},
  };
  for (const auto& [utf8, utf16] : cases) {
    EXPECT_EQ(Utf8ToUtf16(utf8), utf16);
    EXPECT_EQ(Utf16ToUtf8(utf16), utf8);
  }
}

TEST(UtfTest, MalformedBytesBecomeReplacementCharacters) {
  EXPECT_EQ(Utf8ToUtf16("a\x80z"), u"a\ufffdz");                            // a continuation alone
  EXPECT_EQ(Utf8ToUtf16("a\xe2\x82"), u"a\ufffd");                          // cut short
  EXPECT_EQ(Utf8ToUtf16("\xe2z"), u"\ufffdz");                              // not continued
  EXPECT_EQ(Utf8ToUtf16("\xc0\x80"), u"\ufffd");                            // longer than need be
  EXPECT_EQ(Utf8ToUtf16("\xed\xa0\x80"), u"\ufffd");                        // a surrogate
  EXPECT_EQ(Utf8ToUtf16("\xf5\x80\x80\x80"), u"\ufffd\ufffd\ufffd\ufffd");  // no such lead
  EXPECT_EQ(Utf8ToUtf16("\xf4\x90\x80\x80"), u"\ufffd");  // past the last code point
}

TEST(UtfTest, LoneSurrogatesBecomeReplacementCharacters) {
  const std::u16string high(1, static_cast<char16_t>(0xd800));
  const std::u16string low(1, static_cast<char16_t>(0xdc00));
  EXPECT_EQ(Utf16ToUtf8(high), "\xef\xbf\xbd");
  EXPECT_EQ(Utf16ToUtf8(low + u"x"), "\xef\xbf\xbdx");
  EXPECT_EQ(Utf16ToUtf8(high + u"x"), "\xef\xbf\xbdx");
}

}  // namespace
}  // namespace ashlar
