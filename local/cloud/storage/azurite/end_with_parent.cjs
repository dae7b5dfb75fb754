// Loaded before Azurite. Its standard input is a pipe that nobody writes to: the pipe ends when the emulator ends,
// however that happens, on every operating system.
process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
