# The options of schemas/host.ncl and schemas/service.ncl, as Nix modules declare them.
{ lib, ... }:
let
  inherit (lib) types;
  text = types.str;
  word = regex: types.strMatching regex;
  name = word "[a-z][a-z0-9-]{0,31}";
  path = word "/[^:]*";
  mode = word "[0-7]{4}";
  duration = word "([0-9]+(ms|s|m|h))+";
  cidr = word "[0-9a-f.:]+/[0-9]{1,3}";
  address = word "[0-9a-f.:]+";
  access = types.enum [ "read" "write" ];
  flags = types.attrsOf types.bool;
  texts = types.attrsOf text;

  must = type: lib.mkOption { inherit type; };
  opt = default: type: lib.mkOption { inherit type default; };
  may = type: opt null (types.nullOr type);
  record = options: types.submodule { inherit options; };
  recordsOf = options: opt { } (types.attrsOf (record options));
  # What is data of the service's own: any tree.
  tree = lib.mkOption { type = types.anything; };

  disk = {
    uuid = may (word "[0-9A-Fa-f-]{4,36}");
    label = may text;
    mount = must path;
    fs = opt "ext4" (types.enum [ "ext4" "xfs" "btrfs" "zfs" ]);
    options = opt { noatime = true; } flags;
    managed = opt true types.bool;
  };

  file = class: mode': path': {
    path = must path';
    format = must (types.enum [
      "yaml" "yaml_quoted" "json" "xml" "xml_attributes" "ini" "qsettings" "unit" "keyword" "deb822" "lines" "udev"
    ]);
    content = tree;
    class = opt class (types.enum [ "owned" "seed" "keys" ]);
    mode = opt mode' mode;
    owner = may text;
    group = may text;
  };

  service = { name, ... }: {
    options = {
      name = opt name text;
      kind = opt name text;
      title = must text;
      runtime = opt "container" (types.enum [ "container" "native" "none" ]);
      image = may (word "[a-z0-9]+([._/:-][a-z0-9]+)*(:[A-Za-z0-9_.-]+)?");
      digest = may (word "sha256:[0-9a-f]{64}");
      command = may (types.listOf text);
      user = may text;
      account = opt "media" text;
      env = opt { } texts;
      endpoints = recordsOf {
        port = must types.port;
        publish = may types.port;
        proto = opt "tcp" (types.enum [ "tcp" "udp" ]);
        scheme = opt "none" (types.enum [ "http" "https" "none" ]);
        expose = opt "none" (types.enum [ "none" "host" "lan" "wan" ]);
      };
      state = may path;
      mounts = recordsOf { source = must path; target = must path; access = opt "write" access; };
      uses = opt { } (record { downloads = may access; library = may access; transcode = may access; });
      directories = recordsOf { path = must path; mode = opt "2775" mode; };
      gpu = opt false types.bool;
      init = opt false types.bool;
      confine = may text;
      tunnel = may (record {
        interface = must text;
        endpoints = recordsOf { ip = must address; port = opt 51820 types.port; public_key = must text; };
        dns = must (types.listOf address);
      });
      capabilities = opt { } flags;
      sysctls = opt { } texts;
      extra_hosts = opt { } (types.attrsOf address);
      health = may (record {
        test = must (types.listOf text);
        interval = opt "30s" duration;
        timeout = opt "10s" duration;
        retries = opt 3 types.ints.positive;
        start_period = opt "60s" duration;
      });
      builtin_health = opt false types.bool;
      needs = opt { } (types.attrsOf (types.enum [ "started" "healthy" ]));
      reaches = opt { } flags;
      category = may text;
      secrets = recordsOf {
        source = must (types.enum [ "given" "derived" ]);
        form = opt "text" (types.enum [ "hex32" "password" "text" ]);
        file = opt false types.bool;
        about = opt "" text;
      };
      seeds = recordsOf (file "seed" "0600" text);
      files = recordsOf (file "owned" "0644" path);
      native = may (record { unit = must text; user = must text; groups = opt { } flags; });
      packages = opt { } flags;
      apt = recordsOf {
        uris = must (types.listOf text);
        suites = must (types.listOf text);
        components = must (types.listOf text);
        signed_by = must path;
        key_uri = may text;
      };
      proxy = may (record {
        path = must path;
        domain = must text;
        email = may text;
        log = may path;
        routes = recordsOf {
          host = must text;
          to = must text;
          endpoint = opt "http" text;
          access = opt "wan" (types.enum [ "lan" "wan" ]);
        };
      });
      bans = recordsOf {
        port = must text;
        filter = lib.mkOption { type = types.nullOr types.anything; default = null; };
        backend = opt "systemd" (types.enum [ "systemd" "polling" ]);
        log = may path;
      };
      options = tree;
    };
  };
in
{
  options = {
    name = must name;
    timezone = opt "Etc/UTC" text;
    lan = must (record { ipv4 = must (types.listOf cidr); ipv6 = opt [ ] (types.listOf cidr); });
    network = must (record { services = opt "172.30.0.0/16" cidr; confined = opt "172.29.0.0/16" cidr; });
    accounts = recordsOf { uid = must types.ints.positive; gid = must types.ints.positive; group = may text; };
    umask = opt "002" text;
    storage = must (record {
      disks = recordsOf disk;
      config = must path;
      home = may path;
      downloads = may (record { root = must path; complete = opt "complete" text; incomplete = opt "incomplete" text; });
      library = may (record { root = must path; folders = opt { } texts; });
      transcode = may path;
    });
    gpu = may (record { driver = opt "intel" (types.enum [ "intel" "amd" ]); pci = may text; });
    firewall = may (record { log = opt true types.bool; });
    killswitch = may (record {
      ipv6 = opt "drop" (types.enum [ "drop" ]);
      wireguard_only = opt true types.bool;
      undeclared = opt "confine" (types.enum [ "confine" "allow" ]);
    });
    services = opt { } (types.attrsOf (types.submodule service));
  };
}
