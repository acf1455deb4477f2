#include "xml_writer.h"

#include <gtest/gtest.h>

namespace holdfast::api {
namespace {

TEST(Xml, SpecialCharactersAreReferences) {
  EXPECT_EQ(xml_escaped("<a href=\"x\">&'\r\n\t</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&apos;&#13;\n\t&lt;/a&gt;");
  EXPECT_EQ(xml_escaped("caf\xc3\xa9 \xf0\x9f\x8c\x85"), "caf\xc3\xa9 \xf0\x9f\x8c\x85");
}

TEST(Xml, WhatXmlCannotCarryIsReplaced) {
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(xml_escaped(std::string_view("a\0b", 3)), "a" + replaced + "b");
  EXPECT_EQ(xml_escaped("\x1b[0m"), replaced + "[0m");
  EXPECT_EQ(xml_escaped("\xff<"), replaced + "&lt;");
  EXPECT_EQ(xml_escaped("\xef\xbf\xbe"), replaced);
  // A sequence that is cut short must not swallow what follows.
  EXPECT_EQ(xml_escaped("\xe2\x82<"), replaced + replaced + "&lt;");
  EXPECT_EQ(xml_escaped("\xf0"), replaced);
}

TEST(Xml, Documents) {
  EXPECT_EQ(XmlWriter().open("A", "x=\"1\"").element("B", "<").close("A").take(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A x=\"1\"><B>&lt;</B></A>");
}

}  // namespace
}  // namespace holdfast::api
