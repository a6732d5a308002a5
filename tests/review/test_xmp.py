"""Sidecars: ratings and crops are put in, all else stays, and what comes out is XML to a parser of others."""

import os
import random
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

FILTER = os.environ["XMP_FILTER"]
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
CRS = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
BOX = ("0.1", "0", "0.75", "0.625")
CROP = {CRS + "HasCrop": "True", CRS + "CropTop": "0", CRS + "CropLeft": "0.1", CRS + "CropBottom": "0.625",
        CRS + "CropRight": "0.75", CRS + "CropAngle": "0"}

LIGHTROOM = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00        ">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:ModifyDate="2025-07-08T06:07:11"
   xmp:Rating="3"
   xmp:Label="Red &gt; &#x42;lue"
   crs:Version="15.0"
   crs:HasCrop="False"
   crs:CropTop='0.3'
   crs:ToneCurveName2012="Linear">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>forest &amp; river</rdf:li>
     <rdf:li>\u00e4rger</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <crs:ToneCurvePV2012>
    <rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq>
   </crs:ToneCurvePV2012>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2025:07:08 06:07:11.000"
   xmp:Rating="1"
   xmpMM:DerivedFrom="20250708_060711_stage2.png"
   darktable:xmp_version="5"
   darktable:history_end="2">
   <darktable:masks_history>
    <rdf:Seq/>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="crop"
      darktable:params="gz04eJxjYGBg"
      darktable:multi_name=""/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
# One description for each namespace, values as elements, another prefix, a packet with room at its end.
OLD_ADOBE = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<!-- <rdf:Description xap:Rating="9"/> > -->
<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"><tiff:Make>a > b</tiff:Make></rdf:Description>
<rdf:Description rdf:about="" xmlns:xap='http://ns.adobe.com/xap/1.0/'><xap:Rating>2</xap:Rating><xap:CreatorTool><![CDATA[<xap:Rating>]]></xap:CreatorTool></rdf:Description>
<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"><crs:CropLeft>0.5</crs:CropLeft><crs:HasCrop>True</crs:HasCrop></rdf:Description>
</rdf:RDF></x:xmpmeta>
""" + 20 * (" " * 99 + "\n") + "<?xpacket end=\"w\"?>"
PLAIN = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description/></rdf:RDF>"
GOOD = {"lightroom": LIGHTROOM, "darktable": DARKTABLE, "old adobe": OLD_ADOBE, "plain": PLAIN}


def run(text, *args):
    return subprocess.run([FILTER, *args], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def properties(text):
    """Of all descriptions, attributes and elements alike; structures as canonical XML."""
    found = {}
    for description in ElementTree.fromstring(text).iter(RDF + "Description"):
        items = list(description.attrib.items())
        items += [(e.tag, ElementTree.canonicalize(ElementTree.tostring(e)) if len(e) else e.text) for e in description]
        for name, value in items:
            if name != RDF + "about":
                assert name not in found, name
                found[name] = value
    return found


class Sidecars(unittest.TestCase):
    def edited(self, text, *args):
        result = run(text, *args)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode()

    def test_rating_and_crop_are_put_in_and_all_else_stays(self):
        for name, text in GOOD.items():
            with self.subTest(name):
                expected = properties(text.replace("<?xpacket end=\"w\"?>", ""))
                expected.update(CROP)
                expected[XMP + "Rating"] = "5"
                self.assertEqual(properties(self.edited(text, "5", *BOX)), expected)

    def test_editing_twice_changes_nothing(self):
        for name, text in GOOD.items():
            with self.subTest(name):
                once = self.edited(text, "5", *BOX)
                self.assertEqual(self.edited(once, "5", *BOX), once)

    def test_only_the_values_change_where_they_are_there(self):
        self.assertEqual(self.edited(LIGHTROOM, "-1"), LIGHTROOM.replace('xmp:Rating="3"', 'xmp:Rating="-1"'))
        self.assertEqual(self.edited(DARKTABLE, "0"), DARKTABLE.replace('xmp:Rating="1"', 'xmp:Rating="0"'))
        self.assertEqual(self.edited(OLD_ADOBE, "4"), OLD_ADOBE.replace("<xap:Rating>2<", "<xap:Rating>4<"))

    def test_a_crop_is_taken_off_where_there_is_one(self):
        without = self.edited(OLD_ADOBE, "4", "none")
        self.assertEqual(properties(without)[CRS + "HasCrop"], "False")
        self.assertEqual(properties(without)[CRS + "CropLeft"], "0.5")
        self.assertNotIn(CRS + "HasCrop", properties(self.edited(DARKTABLE, "4", "none")))

    def test_a_new_sidecar(self):
        self.assertEqual(properties(self.edited("", "-", "5", *BOX)), {XMP + "Rating": "5", **CROP})
        self.assertEqual(properties(self.edited("", "-", "-1")), {XMP + "Rating": "-1"})

    def test_what_is_not_understood_is_left_alone(self):
        rating = "<xap:Rating>2</xap:Rating>"
        cases = {
            "empty": "",
            "no XML": "hello",
            "no description": "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
            "document type": "<!DOCTYPE a [<!ENTITY b '3'>]>" + PLAIN,
            "other encoding": "<?xml version='1.0' encoding='latin-1'?>" + PLAIN,
            "zero bytes": PLAIN.replace("/>", " a='\0'/>"),
            "cut off": LIGHTROOM[:600],
            "wrong end": LIGHTROOM.replace("</rdf:RDF>", "</rdf:RDG>"),
            "two roots": PLAIN + PLAIN,
            "twice": OLD_ADOBE.replace(rating, rating + rating),
            "attribute and element": OLD_ADOBE.replace("<rdf:Description rdf:about=\"\" xmlns:xap='http://ns.adobe.com/xap/1.0/'>",
                                                       "<rdf:Description xmlns:xap='http://ns.adobe.com/xap/1.0/' xap:Rating='1'>"),
            "structure": OLD_ADOBE.replace(rating, "<xap:Rating><rdf:Alt><rdf:li>2</rdf:li></rdf:Alt></xap:Rating>"),
            "qualified": OLD_ADOBE.replace(rating, "<xap:Rating xml:lang='x'>2</xap:Rating>"),
            "entity": OLD_ADOBE.replace(rating, "<xap:Rating>&two;</xap:Rating>"),
            "prefix taken": PLAIN.replace("<rdf:D", "<rdf:D", 1).replace("Description", "Description xmlns:xmp='other'"),
            "no value": LIGHTROOM.replace('xmp:Rating="3"', "xmp:Rating"),
            "tag in value": LIGHTROOM.replace('"3"', '"<3"'),
            "too deep": PLAIN.replace("<rdf:Description/>", "<a>" * 100 + "</a>" * 100 + "<rdf:Description/>"),
        }
        for name, text in cases.items():
            with self.subTest(name):
                result = run(text, "5", *BOX)
                self.assertEqual(result.returncode, 3, result.stdout)
                self.assertEqual(result.stdout, b"")
                self.assertGreater(len(result.stderr), 5)

    def test_prefixes_are_what_they_are_bound_to(self):
        text = PLAIN.replace("<rdf:Description/>",
                             "<rdf:Description xmlns:crs='http://ns.adobe.com/xap/1.0/' crs:Rating='2' Rating='7'/>")
        self.assertIn("crs:Rating='4'", self.edited(text, "4"))
        self.assertIn(" Rating='7'", self.edited(text, "4"))

    def test_spoilt_sidecars_do_no_harm(self):
        chance = random.Random(3)
        for i in range(150):
            text = bytearray(list(GOOD.values())[i % len(GOOD)].encode()[:2500])
            for _ in range(1 + i % 4):
                text[chance.randrange(len(text))] = chance.choice(b"<>/\"'=&!?-[] :x\0")
            result = subprocess.run([FILTER, "5", *BOX], input=bytes(text), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    check=False)
            self.assertIn(result.returncode, (0, 3), result.stderr)
            try:
                ElementTree.fromstring(bytes(text))
            except ElementTree.ParseError:
                continue
            if result.returncode == 0:
                ElementTree.fromstring(result.stdout)


if __name__ == "__main__":
    unittest.main()
