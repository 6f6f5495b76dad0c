using CodeChill.Text.Tests.Fuzz;
using SharpFuzz;

// <target> under libfuzzer-dotnet: one of the names in Targets, with or without its spaces.
string name = args[0].Replace('-', ' ');
var target = Targets.All[name];
Fuzzer.LibFuzzer.Run(input => target(input.ToArray()));
