# Evaluates the host with the module system of nixpkgs' library, and nothing else of it.
{ lib }:
let
  folder = ./modules;
  modules = map (name: folder + "/${name}") (builtins.attrNames (builtins.readDir folder));
in
(lib.evalModules { modules = [ ./options.nix ] ++ modules; }).config
