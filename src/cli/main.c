#include "cli/command.h"

int main(int argc, char **argv)
{
	return oc_cli_main(argc, argv);
}
