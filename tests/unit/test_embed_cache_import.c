#include "cache_fixture.h"
int main(void)
{
    return 0;
}
