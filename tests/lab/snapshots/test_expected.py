import json
import unittest

from .expected import hit_lines

ANSWER = """{"took":1,"timed_out":false,"_scroll_id":"x","_shards":{"hits":{}},"hits":{"total":4,"hits":[
{"_index":"a","_type":"t","_id":"1","_score":1.0,"_source":%s},
{"_index":"a","_id":"2","_routing":"r","_source":%s,"sort":[1]},
{"_index":"a","_id":"3","fields":{"_routing":"p","_parent":"p"},"_source":{}},
{"_index":"a","_id":"no source"}]}}"""


class HitLines(unittest.TestCase):
    def test_sources_are_copied_byte_by_byte(self):
        odd = '\n { "a" : 1.10,\t"a":12345678901234567890123, "_source":{"}":"\\ud83d]"} }\r\n'
        lone = '{"x":[[],{}]}'
        first, second, third, last = hit_lines(ANSWER % (odd, lone))
        self.assertEqual(first, {"index": "a", "type": "t", "id": "1", "source": odd})
        self.assertEqual(second, {"index": "a", "id": "2", "routing": "r", "source": lone})
        self.assertEqual(third, {"index": "a", "id": "3", "routing": "p", "parent": "p", "source": "{}"})
        self.assertEqual(last, {"index": "a", "id": "no source", "source": None})
        self.assertEqual(json.loads(json.dumps(first))["source"], odd)

    def test_a_page_without_hits(self):
        self.assertEqual(list(hit_lines('{"hits":{"total":{"value":0},"hits":[ ]}}')), [])


if __name__ == "__main__":
    unittest.main()
