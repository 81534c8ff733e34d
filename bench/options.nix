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
  or = default: type: lib.mkOption { inherit type default; };
  may = type: or null (types.nullOr type);
  record = options: types.submodule { inherit options; };
  recordsOf = options: or { } (types.attrsOf (record options));
  # What is data of the service's own: any tree.
  tree = lib.mkOption { type = types.anything; };

  disk = {
    uuid = may (word "[0-9A-Fa-f-]{4,36}");
    label = may text;
    mount = must path;
    fs = or "ext4" (types.enum [ "ext4" "xfs" "btrfs" "zfs" ]);
    options = or { noatime = true; } flags;
    managed = or true types.bool;
  };

  file = class: mode': path': {
    path = must path';
    format = must (types.enum [
      "yaml" "yaml_quoted" "json" "xml" "xml_attributes" "ini" "qsettings" "unit" "keyword" "deb822" "lines" "udev"
    ]);
    content = tree;
    class = or class (types.enum [ "owned" "seed" "keys" ]);
    mode = or mode' mode;
    owner = may text;
    group = may text;
  };

  service = { name, ... }: {
    options = {
      name = or name text;
      kind = or name text;
      title = must text;
      runtime = or "container" (types.enum [ "container" "native" "none" ]);
      image = may (word "[a-z0-9]+([._/:-][a-z0-9]+)*(:[A-Za-z0-9_.-]+)?");
      digest = may (word "sha256:[0-9a-f]{64}");
      command = may (types.listOf text);
      user = may text;
      account = or "media" text;
      env = or { } texts;
      endpoints = recordsOf {
        port = must types.port;
        publish = may types.port;
        proto = or "tcp" (types.enum [ "tcp" "udp" ]);
        scheme = or "none" (types.enum [ "http" "https" "none" ]);
        expose = or "none" (types.enum [ "none" "host" "lan" "wan" ]);
      };
      state = may path;
      mounts = recordsOf { source = must path; target = must path; access = or "write" access; };
      uses = or { } (record { downloads = may access; library = may access; transcode = may access; });
      directories = recordsOf { path = must path; mode = or "2775" mode; };
      gpu = or false types.bool;
      init = or false types.bool;
      confine = may text;
      tunnel = may (record {
        interface = must text;
        endpoints = recordsOf { ip = must address; port = or 51820 types.port; public_key = must text; };
        dns = must (types.listOf address);
      });
      capabilities = or { } flags;
      sysctls = or { } texts;
      extra_hosts = or { } (types.attrsOf address);
      health = may (record {
        test = must (types.listOf text);
        interval = or "30s" duration;
        timeout = or "10s" duration;
        retries = or 3 types.ints.positive;
        start_period = or "60s" duration;
      });
      builtin_health = or false types.bool;
      needs = or { } (types.attrsOf (types.enum [ "started" "healthy" ]));
      reaches = or { } flags;
      category = may text;
      secrets = recordsOf {
        source = must (types.enum [ "given" "derived" ]);
        form = or "text" (types.enum [ "hex32" "password" "text" ]);
        file = or false types.bool;
        about = or "" text;
      };
      seeds = recordsOf (file "seed" "0600" text);
      files = recordsOf (file "owned" "0644" path);
      native = may (record { unit = must text; user = must text; groups = or { } flags; });
      packages = or { } flags;
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
          endpoint = or "http" text;
          access = or "wan" (types.enum [ "lan" "wan" ]);
        };
      });
      bans = recordsOf {
        port = must text;
        filter = lib.mkOption { type = types.nullOr types.anything; default = null; };
        backend = or "systemd" (types.enum [ "systemd" "polling" ]);
        log = may path;
      };
      options = tree;
    };
  };
in
{
  options = {
    name = must name;
    timezone = or "Etc/UTC" text;
    lan = must (record { ipv4 = must (types.listOf cidr); ipv6 = or [ ] (types.listOf cidr); });
    network = must (record { services = or "172.30.0.0/16" cidr; confined = or "172.29.0.0/16" cidr; });
    accounts = recordsOf { uid = must types.ints.positive; gid = must types.ints.positive; group = may text; };
    umask = or "002" text;
    storage = must (record {
      disks = recordsOf disk;
      config = must path;
      home = may path;
      downloads = may (record { root = must path; complete = or "complete" text; incomplete = or "incomplete" text; });
      library = may (record { root = must path; folders = or { } texts; });
      transcode = may path;
    });
    gpu = may (record { driver = or "intel" (types.enum [ "intel" "amd" ]); pci = may text; });
    firewall = may (record { log = or true types.bool; });
    killswitch = may (record {
      ipv6 = or "drop" (types.enum [ "drop" ]);
      wireguard_only = or true types.bool;
      undeclared = or "confine" (types.enum [ "confine" "allow" ]);
    });
    services = or { } (types.attrsOf (types.submodule service));
  };
}
