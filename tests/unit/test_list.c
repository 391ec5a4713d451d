/* The ring: order, and nodes that leave it in any order, twice, or never joined. */
#include "base/list.h"
#include "unit.h"

struct item {
	int before; /* so that the node is not at offset 0 */
	struct list node;
};

static void test_empty(void **state)
{
	(void)state;
	struct list head;
	list_init(&head);
	assert_true(list_empty(&head));
	list_drop(&head);
	assert_true(list_empty(&head));
}

static void test_order(void **state)
{
	(void)state;
	struct list head, *at;
	struct item items[5];
	list_init(&head);
	for (int i = 0; i < 5; i++) {
		items[i].before = i;
		list_add(&head, &items[i].node);
	}
	at = head.next;
	for (int i = 0; i < 5; i++, at = at->next)
		assert_int_equal(LIST_OF(at, struct item, node)->before, i);
	assert_ptr_equal(at, &head);
	at = head.prev;
	for (int i = 4; i >= 0; i--, at = at->prev)
		assert_int_equal(LIST_OF(at, struct item, node)->before, i);
}

static void test_add_in_front_of_a_node(void **state)
{
	(void)state;
	struct list head, a, b, c;
	list_init(&head);
	list_add(&head, &a);
	list_add(&head, &c);
	list_add(&c, &b);
	assert_ptr_equal(head.next, &a);
	assert_ptr_equal(a.next, &b);
	assert_ptr_equal(b.next, &c);
	assert_ptr_equal(c.next, &head);
}

/* Every order of leaving, each node twice. */
static void test_drop(void **state)
{
	(void)state;
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
	                                 {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	for (int o = 0; o < 6; o++) {
		struct list head, n[3];
		list_init(&head);
		for (int i = 0; i < 3; i++)
			list_add(&head, &n[i]);
		for (int i = 0; i < 3; i++) {
			assert_false(list_empty(&head));
			struct list *gone = &n[orders[o][i]];
			list_drop(gone);
			assert_true(list_empty(gone));
			list_drop(gone);
			for (const struct list *at = head.next; at != &head; at = at->next)
				assert_ptr_not_equal(at, gone);
		}
		assert_true(list_empty(&head));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_empty),
		UNIT(test_order),
		UNIT(test_add_in_front_of_a_node),
		UNIT(test_drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
