// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does wrong on purpose, to see that the harness notices:
 * insmod faults.ko what=warn|leak|uaf|oob|sleep|lock|busy
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "the fault to commit");

static DEFINE_SPINLOCK(spin);
static DEFINE_MUTEX(one);
static DEFINE_MUTEX(two);
static void *volatile sink;

static void lock_inversion(void)
{
	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);
	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
}

static int __init faults_init(void)
{
	volatile char *p;

	if (!strcmp(what, "warn")) {
		WARN_ON(1);
	} else if (!strcmp(what, "leak")) {
		sink = kmalloc(100, GFP_KERNEL);
		sink = NULL;
	} else if (!strcmp(what, "uaf")) {
		p = kmalloc(100, GFP_KERNEL);
		kfree((void *)p);
		p[3] = 1;
	} else if (!strcmp(what, "oob")) {
		p = kmalloc(100, GFP_KERNEL);
		p[100] = 1;
		kfree((void *)p);
	} else if (!strcmp(what, "sleep")) {
		spin_lock(&spin);
		msleep(1);
		spin_unlock(&spin);
	} else if (!strcmp(what, "lock")) {
		lock_inversion();
	} else if (!strcmp(what, "busy")) {
		__module_get(THIS_MODULE);
	}
	return 0;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_DESCRIPTION("Deliberate faults, for testing the test harness");
MODULE_LICENSE("GPL");
