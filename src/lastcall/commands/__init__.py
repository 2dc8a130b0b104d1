"""What the commands of ``cli`` do, without the command line: each takes plain values and gives back a report or text."""
