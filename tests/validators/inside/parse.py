"""Parses files strictly: parse.py json|yaml|xml|ini FILE…

Strictly means that a key which stands twice is an error, and that a YAML scalar must mean the same to a
YAML 1.1 reader and to a YAML 1.2 reader. Otherwise `no`, `22:22` or `010` would be one thing to the
program that wrote the file and another to the program that reads it.
"""

import configparser
import json
import sys

import lxml.etree
import ruamel.yaml
import yaml


class Wrong(Exception):
    pass


def parse_json(path):
    with open(path, encoding="utf-8") as file:
        json.load(file, object_pairs_hook=unique)


def unique(pairs):
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise Wrong(f"keys that stand twice: {sorted(twice)}")
    return dict(pairs)


class Yaml11(yaml.SafeLoader):
    """PyYAML follows YAML 1.1, but would let the later of two equal keys win."""

    def construct_mapping(self, node, deep=False):
        unique([(self.construct_object(key, deep=True), None) for key, _ in node.value])
        return super().construct_mapping(node, deep)


def parse_yaml(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    one = yaml.load(text, Loader=Yaml11)
    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    agree(one, reader.load(text), "")


def agree(one, two, at):
    if type(one) is not type(two):
        raise Wrong(f"at {at or '.'}: {one!r} to a YAML 1.1 reader, {two!r} to a YAML 1.2 reader")
    if isinstance(one, dict):
        keys = [[(type(key), key) for key in side] for side in (one, two)]
        if keys[0] != keys[1]:
            raise Wrong(f"at {at or '.'}: keys {list(one)} to a YAML 1.1 reader, {list(two)} to a YAML 1.2 reader")
        for key in one:
            agree(one[key], two[key], f"{at}.{key}")
    elif isinstance(one, list):
        if len(one) != len(two):
            raise Wrong(f"at {at}: lists of different length")
        for index, pair in enumerate(zip(one, two)):
            agree(*pair, f"{at}[{index}]")
    elif one != two:
        raise Wrong(f"at {at}: {one!r} to a YAML 1.1 reader, {two!r} to a YAML 1.2 reader")


def parse_xml(path):
    lxml.etree.parse(path, lxml.etree.XMLParser(resolve_entities=False, no_network=True))


def parse_ini(path):
    # Keys of QSettings are case sensitive and may hold a backslash; only `=` separates.
    parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters=("=",))
    parser.optionxform = str
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)


PARSERS = {"json": parse_json, "yaml": parse_yaml, "xml": parse_xml, "ini": parse_ini}


def main():
    failed = False
    for path in sys.argv[2:]:
        try:
            PARSERS[sys.argv[1]](path)
        except Exception as error:  # every parser has errors of its own
            failed = True
            print(f"{path}: {type(error).__name__}: {error}")
    sys.exit(failed)


main()
