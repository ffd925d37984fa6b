# Zhibu: `make run` starts it, `make test` proves it, `make help` lists the rest.

PORT ?= 8000
JOBS ?= 2

# The first Python that starts and is new enough. Another one: make PYTHON=/path/to/python run
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q

.PHONY: help run prepare prepare-dev test check types tests browser survive bench screenshots lock wheel clean

help: ## 列出可用的命令
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: prepare ## 启动（第一次会建立环境、装入演示数据）；PORT=8080 换端口
	@$(BIN)/python -m zhibu serve --demo --port $(PORT)

prepare: python
	@"$(PYTHON)" requirements/prepare.py run

prepare-dev: python
	@"$(PYTHON)" requirements/prepare.py dev

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo '没有找到 Python 3.11 或更新版本。请先安装，或用 make PYTHON=/路径/python3 指定。' >&2; exit 1; }

test: check tests ## 全部检查与测试：SQLite、PostgreSQL、真实浏览器

check: prepare-dev ## 只做静态检查：格式、类型、导入方向、迁移
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m django makemigrations --check --dry-run --settings zhibu.settings

tests: prepare-dev browser ## 只跑测试
	$(PYTEST)
	$(PYTEST) --database postgresql

browser: prepare-dev ## 查找浏览器与中文字体，能装则装
	@$(BIN)/python tests/ground/browser.py

survive: prepare-dev ## 五十次强行中断，两种数据库上逐次核验
	SURVIVE_ROUNDS=50 $(BIN)/python -m pytest -q tests/survival
	SURVIVE_ROUNDS=50 $(BIN)/python -m pytest -q tests/survival --database postgresql

bench: prepare-dev ## 测量，结果写入 bench/
	$(BIN)/python bench/run.py

screenshots: prepare-dev browser ## 重拍 docs/ 中的截图
	$(BIN)/python docs/screenshots.py

lock: prepare-dev ## 重新锁定依赖版本（需要 uv）
	@for list in 'run pyproject.toml' 'dev pyproject.toml --group dev -c requirements/run.txt' \
		'build --group build -c requirements/dev.txt'; do set -- $$list; name=$$1; shift; \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-emit-index-url --no-emit-find-links --quiet $(LOCK) "$$@" -o requirements/$$name.txt || exit 1; done

wheel: prepare-dev ## 打包到 dist/
	$(BIN)/python -m build --wheel --no-isolation

clean: ## 删除环境与中间文件（不动数据目录 var/）
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
